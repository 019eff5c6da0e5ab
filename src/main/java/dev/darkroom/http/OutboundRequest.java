package dev.darkroom.http;

import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;

/**
 * A request to send.
 *
 * @param target resolved when the exchange starts
 * @param headers in addition to the default headers
 * @param body null for none
 * @param span ends with the exchange; {@link TraceSpan#NONE} for none
 */
public record OutboundRequest(HttpMethod method, RequestTarget target, MultiMap headers, Buffer body, TraceSpan span) {

    /** Creates a request without a span. */
    public OutboundRequest(HttpMethod method, RequestTarget target, MultiMap headers, Buffer body) {
        this(method, target, headers, body, TraceSpan.NONE);
    }

    /** Returns the request with a span of its own. To be sent at once, because the span starts now. */
    public OutboundRequest withSpan(TraceSpan parent) {
        TraceSpan child =
                parent.startChild(SpanType.HTTP_CLIENT, method.name()).set(SpanAttribute.HTTP_METHOD, method.name());
        return new OutboundRequest(method, target, headers, body, child);
    }

    /** Returns the request with the headers that let the server continue a trace. */
    public OutboundRequest withContextOf(TraceSpan sender) {
        if (!sender.isPresent()) {
            return this;
        }
        MultiMap extended = MultiMap.caseInsensitiveMultiMap().addAll(headers);
        sender.inject(extended::set);
        return new OutboundRequest(method, target, extended, body, span);
    }
}

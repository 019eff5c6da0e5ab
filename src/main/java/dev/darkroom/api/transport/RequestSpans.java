package dev.darkroom.api.transport;

import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/** Spans of the requests of one HTTP server, from the head of a request to the end of its response. For one event loop. */
public final class RequestSpans implements Handler<RoutingContext> {
    private static final String CONTEXT_KEY = RequestSpans.class.getName();

    /** Clients can invent methods. */
    private static final Set<HttpMethod> KNOWN_METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);

    private static final int FIRST_SERVER_ERROR = 500;

    private final Tracing tracing;
    private final Map<HttpServerResponse, TraceSpan> running = new IdentityHashMap<>();

    public RequestSpans(Tracing tracing) {
        this.tracing = tracing;
    }

    @Override
    public void handle(RoutingContext context) {
        if (tracing.isOn()) {
            HttpServerRequest request = context.request();
            String method =
                    KNOWN_METHODS.contains(request.method()) ? request.method().name() : "_OTHER";
            String requestId = RequestIdHandler.of(context);
            TraceSpan span = tracing.startRequest(request.headers(), method)
                    .set(SpanAttribute.HTTP_METHOD, method)
                    .set(SpanAttribute.REQUEST_ID, requestId)
                    .logWith("requestId", requestId);
            context.put(CONTEXT_KEY, span);
            running.put(request.response(), span);
        }
        context.next();
    }

    /** Returns the span of a request; {@link TraceSpan#NONE} without tracing. */
    public static TraceSpan of(RoutingContext context) {
        TraceSpan span = context.get(CONTEXT_KEY);
        return span == null ? TraceSpan.NONE : span;
    }

    /** @param route path of the contract, with parameters such as {@code {id}} */
    public static void recordRoute(RoutingContext context, String route) {
        TraceSpan span = of(context);
        if (span.isPresent()) {
            span.set(SpanAttribute.HTTP_ROUTE, route);
            span.rename(context.request().method() + " " + route);
        }
    }

    /** Ends the span of a request when its response has ended or its connection has closed. */
    void end(HttpServerResponse response) {
        TraceSpan span = running.remove(response);
        if (span == null) {
            return;
        }
        if (!response.headWritten()) {
            span.fail("connection_closed");
            return;
        }
        int status = response.getStatusCode();
        span.set(SpanAttribute.HTTP_STATUS, status);
        if (status >= FIRST_SERVER_ERROR) {
            span.fail(Integer.toString(status));
        } else {
            span.end();
        }
    }
}

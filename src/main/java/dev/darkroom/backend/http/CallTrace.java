package dev.darkroom.backend.http;

import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.RedirectingTarget;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.TraceSpan;
import java.util.function.Supplier;

/**
 * Trace of the requests of one call. Requests that ask for the state of a job are counted in the span of the call and have no span of
 * their own. Confined to the context of the call.
 */
final class CallTrace {
    private final TraceSpan span;
    private boolean polling;
    private int polls;

    /** @param span of the call */
    CallTrace(TraceSpan span) {
        this.span = span;
    }

    /** Sends a request that asks for the state of a job. */
    <T> T poll(Supplier<T> request) {
        polling = true;
        polls++;
        try {
            return request.get();
        } finally {
            polling = false;
        }
    }

    /** Returns a request with a span and the context of the trace. The context is not sent to URLs that the AI server chose. */
    OutboundRequest add(OutboundRequest request) {
        if (polling) {
            return request.withContextOf(span);
        }
        OutboundRequest traced = request.withSpan(span);
        return request.target() instanceof RedirectingTarget ? traced : traced.withContextOf(traced.span());
    }

    /** Records the number of polls. The span stays open. */
    void end() {
        if (polls > 0) {
            span.set(SpanAttribute.POLLS, polls);
        }
    }
}

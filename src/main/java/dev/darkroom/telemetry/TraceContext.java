package dev.darkroom.telemetry;

/**
 * Trace context as W3C Trace Context encodes it, in headers of HTTP requests and of commands, and in the row of a generation. Immutable.
 *
 * @param traceparent trace id, span id and sampled flag; never null. {@link Tracing} ignores a malformed one
 * @param tracestate state of other tracing systems, which is passed on; null when there is none
 */
public record TraceContext(String traceparent, String tracestate) {
    public static final String TRACEPARENT = "traceparent";
    public static final String TRACESTATE = "tracestate";

    /** Longest {@code tracestate} that is passed on. The specification requires 512 characters of every vendor. */
    private static final int MAX_TRACESTATE_LENGTH = 512;

    public TraceContext {
        if (tracestate != null && (tracestate.isEmpty() || tracestate.length() > MAX_TRACESTATE_LENGTH)) {
            tracestate = null;
        }
    }

    /** Returns the context of two values; null without a {@code traceparent}. */
    public static TraceContext ofNullable(String traceparent, String tracestate) {
        return traceparent == null ? null : new TraceContext(traceparent, tracestate);
    }
}

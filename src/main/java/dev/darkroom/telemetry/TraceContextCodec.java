package dev.darkroom.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Converts between {@link TraceContext} and the contexts of OpenTelemetry. */
final class TraceContextCodec {
    private static final W3CTraceContextPropagator PROPAGATOR = W3CTraceContextPropagator.getInstance();
    private static final TextMapGetter<TraceContext> GETTER = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(TraceContext context) {
            return List.of(TraceContext.TRACEPARENT, TraceContext.TRACESTATE);
        }

        @Override
        public String get(TraceContext context, String key) {
            return key.equals(TraceContext.TRACEPARENT) ? context.traceparent() : context.tracestate();
        }
    };

    private TraceContextCodec() {}

    static TraceContext encode(Span span) {
        Map<String, String> headers = new HashMap<>();
        PROPAGATOR.inject(Context.root().with(span), headers, Map::put);
        return TraceContext.ofNullable(headers.get(TraceContext.TRACEPARENT), headers.get(TraceContext.TRACESTATE));
    }

    /** Returns the context with the span; the root context when {@code context} is null or malformed. */
    static Context decode(TraceContext context) {
        return context == null ? Context.root() : PROPAGATOR.extract(Context.root(), context, GETTER);
    }
}

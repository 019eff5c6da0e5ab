package dev.darkroom.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.vertx.core.AsyncResult;
import java.time.Duration;
import java.time.Instant;
import java.util.function.BiConsumer;

/**
 * A span, and the parent of further spans. Objects of the traced work carry it, so that it does not depend on the thread or the event loop.
 * {@link #NONE} stands for no trace; all methods then do nothing. Thread-safe.
 */
public final class TraceSpan {
    /** No span. Its children are no spans either. */
    public static final TraceSpan NONE = new TraceSpan(null, Span.getInvalid());

    private final Tracer tracer;
    private final Span span;
    private volatile String logKey;
    /** Null when no log line gets the ids of the span. */
    private volatile String logId;

    private TraceSpan(Tracer tracer, Span span) {
        this.tracer = tracer;
        this.span = span;
    }

    /** @param age time since the start of the span */
    static TraceSpan start(Tracer tracer, Context parent, SpanType type, String name, Duration age) {
        SpanBuilder builder = tracer.spanBuilder(name)
                .setParent(parent)
                .setSpanKind(type.kind())
                .setAllAttributes(type.attributes());
        if (!age.isZero()) {
            builder.setStartTimestamp(Instant.now().minus(age));
        }
        return new TraceSpan(tracer, builder.startSpan());
    }

    /** @param linked span of another trace */
    static TraceSpan startLinked(Tracer tracer, SpanType type, String name, Span linked) {
        return new TraceSpan(
                tracer,
                tracer.spanBuilder(name)
                        .setNoParent()
                        .setSpanKind(type.kind())
                        .addLink(linked.getSpanContext())
                        .startSpan());
    }

    /** Returns whether there is a trace, sampled or not. */
    public boolean isPresent() {
        return tracer != null;
    }

    /** Starts a child that has the name of its type. */
    public TraceSpan startChild(SpanType type) {
        return startChild(type, type.label());
    }

    /** Starts a child with another name. */
    public TraceSpan startChild(SpanType type, String name) {
        return tracer == null ? NONE : start(tracer, Context.root().with(span), type, name, Duration.ZERO);
    }

    /** Sets an attribute; does nothing when {@code value} is null. */
    public TraceSpan set(SpanAttribute attribute, Object value) {
        if (value != null && span.isRecording()) {
            span.setAttribute(attribute.textKey(), value.toString());
        }
        return this;
    }

    /** Sets an attribute that is a number. */
    public TraceSpan set(SpanAttribute attribute, long value) {
        span.setAttribute(attribute.numberKey(), value);
        return this;
    }

    /** Replaces the name. */
    public void rename(String name) {
        span.updateName(name);
    }

    /**
     * Adds the ids of this span to log lines with an id, until the span ends.
     *
     * @param key of the id in log lines, one of {@link LoggedSpans#KEYS}
     */
    public TraceSpan logWith(String key, Object id) {
        if (tracer != null) {
            logKey = key;
            logId = id.toString();
            LoggedSpans.add(logKey, logId, this);
        }
        return this;
    }

    /** Ends the span. Later calls have no effect. */
    public void end() {
        if (logId != null) {
            LoggedSpans.remove(logKey, logId, this);
        }
        span.end();
    }

    /**
     * Ends the span as failed.
     *
     * @param errorType one of a small set of values, such as a failure code or the name of an exception class
     */
    public void fail(String errorType) {
        set(SpanAttribute.ERROR_TYPE, errorType);
        span.setStatus(StatusCode.ERROR);
        end();
    }

    /** Ends the span with the result of its work. A failure has the name of its exception class. */
    public void endWith(AsyncResult<?> result) {
        if (result.failed()) {
            fail(result.cause().getClass().getName());
        } else {
            end();
        }
    }

    /** Returns the context for children in other processes and for rows; null for {@link #NONE}. */
    public TraceContext context() {
        return tracer == null ? null : TraceContextCodec.encode(span);
    }

    /** Passes the headers of a request that continues the trace to {@code headers}. */
    public void inject(BiConsumer<String, String> headers) {
        TraceContext context = context();
        if (context != null) {
            headers.accept(TraceContext.TRACEPARENT, context.traceparent());
            if (context.tracestate() != null) {
                headers.accept(TraceContext.TRACESTATE, context.tracestate());
            }
        }
    }

    /** Returns the trace id in hexadecimal digits. */
    String traceId() {
        return span.getSpanContext().getTraceId();
    }

    /** Returns the span id in hexadecimal digits. */
    String spanId() {
        return span.getSpanContext().getSpanId();
    }
}

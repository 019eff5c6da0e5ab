package dev.darkroom.telemetry;

import dev.darkroom.config.TracingSettings;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.shareddata.LocalMap;
import io.vertx.core.shareddata.Shareable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Starts the spans of one process and exports the sampled ones by OTLP over HTTP, on threads of its own. {@link #OFF} starts none. An
 * export never delays the traced work: spans wait in a bounded queue, and those that do not fit are dropped. Thread-safe.
 */
public final class Tracing implements Shareable {
    /** Starts no span. */
    public static final Tracing OFF = new Tracing(null, null, false);

    /** Limits the loss when a process is killed. */
    private static final Duration EXPORT_INTERVAL = Duration.ofSeconds(1);

    private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_QUEUED_SPANS = 8192;
    private static final int MAX_ATTRIBUTE_LENGTH = 256;

    private static final String MAP = Tracing.class.getName();

    private final SdkTracerProvider provider;
    private final Tracer tracer;
    private final boolean trustCallers;

    private Tracing(SdkTracerProvider provider, Tracer tracer, boolean trustCallers) {
        this.provider = provider;
        this.tracer = tracer;
        this.trustCallers = trustCallers;
    }

    /**
     * Returns the tracing of a process; {@link #OFF} without an endpoint.
     *
     * @param instance id of the process, an attribute of its spans
     */
    public static Tracing create(TracingSettings settings, String version, String instance) {
        if (settings.endpoint() == null) {
            return OFF;
        }
        SdkLog.silence();
        OtlpHttpSpanExporterBuilder exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(settings.endpoint() + "/v1/traces")
                .setTimeout(EXPORT_TIMEOUT);
        settings.headerMap().forEach(exporter::addHeader);
        return create(new ReportingSpanExporter(exporter.build(), settings.endpoint()), settings, version, instance);
    }

    static Tracing create(SpanExporter exporter, TracingSettings settings, String version, String instance) {
        Attributes attributes = Attributes.builder()
                .put("service.name", settings.serviceName())
                .put("service.version", version)
                .put("service.instance.id", instance)
                .build();
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(Resource.getDefault().merge(Resource.create(attributes)))
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(settings.samplingRatio())))
                .setSpanLimits(SpanLimits.builder()
                        .setMaxAttributeValueLength(MAX_ATTRIBUTE_LENGTH)
                        .build())
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setScheduleDelay(EXPORT_INTERVAL)
                        .setExporterTimeout(EXPORT_TIMEOUT)
                        .setMaxQueueSize(MAX_QUEUED_SPANS)
                        .build())
                .build();
        return new Tracing(provider, provider.get("dev.darkroom", version), settings.trustCallers());
    }

    /** Sets the tracing of the verticles of a Vert.x instance. */
    public void install(Vertx vertx) {
        vertx.sharedData().<String, Tracing>getLocalMap(MAP).put(MAP, this);
    }

    /** Returns the tracing of the verticles of a Vert.x instance; {@link #OFF} when none is installed. */
    public static Tracing of(Vertx vertx) {
        LocalMap<String, Tracing> installed = vertx.sharedData().getLocalMap(MAP);
        return installed.getOrDefault(MAP, OFF);
    }

    /** Returns whether this is not {@link #OFF}. */
    public boolean isOn() {
        return tracer != null;
    }

    /**
     * Starts the span of an HTTP request. It continues the trace of the caller if callers are trusted. Otherwise it starts a trace that
     * links to it.
     */
    public TraceSpan startRequest(MultiMap headers, String name) {
        if (!isOn()) {
            return TraceSpan.NONE;
        }
        // Several values are no valid context.
        List<String> traceparents = headers.getAll(TraceContext.TRACEPARENT);
        Context caller = traceparents.size() != 1
                ? Context.root()
                : TraceContextCodec.decode(new TraceContext(
                        traceparents.get(0), String.join(",", headers.getAll(TraceContext.TRACESTATE))));
        Span callerSpan = Span.fromContextOrNull(caller);
        return trustCallers || callerSpan == null
                ? TraceSpan.start(tracer, caller, SpanType.HTTP_SERVER, name, Duration.ZERO)
                : TraceSpan.startLinked(tracer, SpanType.HTTP_SERVER, name, callerSpan);
    }

    /** Starts a span that continues a trace, or a new trace when {@code parent} is null or malformed. */
    public TraceSpan startOrContinue(TraceContext parent, SpanType type, String name) {
        return isOn()
                ? TraceSpan.start(tracer, TraceContextCodec.decode(parent), type, name, Duration.ZERO)
                : TraceSpan.NONE;
    }

    /** Starts a span that continues a trace. Returns {@link TraceSpan#NONE} when {@code parent} is null or malformed. */
    public TraceSpan resume(TraceContext parent, SpanType type) {
        return resume(parent, type, Duration.ZERO);
    }

    /**
     * As {@link #resume(TraceContext, SpanType)}, for work that started before.
     *
     * @param age time since the start
     */
    public TraceSpan resume(TraceContext parent, SpanType type, Duration age) {
        if (!isOn() || parent == null) {
            return TraceSpan.NONE;
        }
        Context context = TraceContextCodec.decode(parent);
        return Span.fromContextOrNull(context) == null
                ? TraceSpan.NONE
                : TraceSpan.start(tracer, context, type, type.label(), age);
    }

    /** Exports the ended spans, for at most 5 seconds. Blocks. */
    public void close() {
        if (isOn()) {
            provider.shutdown().join(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}

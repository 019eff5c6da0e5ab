package dev.darkroom.telemetry;

import dev.darkroom.telemetry.vertx.HttpServerRoles;
import dev.darkroom.telemetry.vertx.MeasuredVertxFactory;
import dev.darkroom.telemetry.vertx.VertxMeterFilter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.core.metrics.Info;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.spi.VertxMetricsFactory;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.util.Set;
import java.util.UUID;

/**
 * The meters of one process: of Vert.x, of the JVM, and of the features that register them in {@link #registry}. Thread-safe.
 *
 * <p>No label has an unbounded set of values: no user, id, URL or text of a message.
 */
public final class ProcessMetrics implements AutoCloseable {
    private static final String PLAIN = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private final PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollections = new JvmGcMetrics();
    private final HttpServerRoles httpServers = new HttpServerRoles();
    private final MeterRegistry registry;

    /** @param version of Darkroom */
    public ProcessMetrics(String version) {
        registry = prometheus;
        registry.config().meterFilter(new VertxMeterFilter()).meterFilter(new DurationBuckets());
        Info.builder()
                .name("darkroom_build")
                .help("Version of Darkroom")
                .labelNames("version")
                .register(prometheus.getPrometheusRegistry())
                .setLabelValues(version);
        bind(
                new JvmMemoryMetrics(),
                new JvmThreadMetrics(),
                new ClassLoaderMetrics(),
                new ProcessorMetrics(),
                new ProcessorTimeMetrics(),
                new FileDescriptorMetrics(),
                new UptimeMetrics(),
                garbageCollections);
    }

    private ProcessMetrics() {
        // A composite without registries has meters without an effect.
        registry = new CompositeMeterRegistry();
    }

    /** Returns meters that count nothing, with none of Vert.x: the baseline of the benchmark. */
    public static ProcessMetrics disabled() {
        return new ProcessMetrics();
    }

    /** Returns the registry in which features register their meters. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Measures the HTTP server on a port from now on, with a role such as {@code API}. */
    public void addHttpServer(int port, String role) {
        httpServers.register(port, role);
    }

    /** Registers meters. */
    public void bind(MeterBinder... binders) {
        for (MeterBinder binder : binders) {
            binder.bindTo(registry);
        }
    }

    /** Returns the factory of the metrics of a Vert.x instance. */
    public VertxMetricsFactory vertxFactory() {
        return new MeasuredVertxFactory(registry, httpServers);
    }

    /** Returns the options of the metrics of a Vert.x instance, with labels of few values only. */
    public MetricsOptions vertxOptions() {
        return new MicrometerMetricsOptions()
                .setEnabled(registry == prometheus)
                // The library keeps one registry for each name in the JVM, and instances of one JVM have registries of
                // their own.
                .setRegistryName(UUID.randomUUID().toString())
                .setLabels(Set.of(Label.HTTP_METHOD, Label.HTTP_CODE, Label.POOL_NAME, Label.POOL_TYPE))
                // The factory measures HTTP servers and the event bus, and the HTTP metrics contain the figures of
                // sockets.
                .addDisabledMetricsCategory(MetricsDomain.HTTP_SERVER)
                .addDisabledMetricsCategory(MetricsDomain.EVENT_BUS)
                .addDisabledMetricsCategory(MetricsDomain.NET_SERVER)
                .addDisabledMetricsCategory(MetricsDomain.NET_CLIENT);
    }

    /**
     * Returns the current values.
     *
     * @param openMetrics whether the format is OpenMetrics 1.0 instead of the text format of Prometheus 0.0.4
     */
    public String scrape(boolean openMetrics) {
        return prometheus.scrape(contentType(openMetrics));
    }

    /** Returns the media type of {@link #scrape}. */
    public static String contentType(boolean openMetrics) {
        return openMetrics ? OPEN_METRICS : PLAIN;
    }

    @Override
    public void close() {
        garbageCollections.close();
        registry.close();
    }
}

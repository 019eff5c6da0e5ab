package dev.darkroom.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.core.metrics.Info;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.spi.VertxMetricsFactory;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.util.Set;

/**
 * The meters of one process: those of Vert.x, of the JVM, and those that features register in {@link #registry}. Thread-safe.
 *
 * <p>No label has an unbounded set of values: no user, id, URL or text of a message.
 */
public final class ProcessMetrics implements AutoCloseable {
    private static final String PLAIN = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollections = new JvmGcMetrics();

    /** @param version of Darkroom */
    public ProcessMetrics(String version, HttpServerRoles httpServers) {
        registry.config().meterFilter(new VertxMeterFilter(httpServers)).meterFilter(new DurationBuckets());
        Info.builder()
                .name("darkroom_build")
                .help("Version of Darkroom")
                .labelNames("version")
                .register(registry.getPrometheusRegistry())
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

    /** Returns the registry in which features register their meters. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Registers meters. */
    public void bind(MeterBinder... binders) {
        for (MeterBinder binder : binders) {
            binder.bindTo(registry);
        }
    }

    /** Returns the factory of the metrics of a Vert.x instance. */
    public VertxMetricsFactory vertxFactory() {
        return new MicrometerMetricsFactory(registry);
    }

    /** Returns the options of the metrics of a Vert.x instance, with labels of few values only. */
    public static MetricsOptions vertxOptions() {
        return new MicrometerMetricsOptions()
                .setEnabled(true)
                .setLabels(Set.of(
                        Label.LOCAL,
                        Label.HTTP_METHOD,
                        Label.HTTP_CODE,
                        Label.HTTP_ROUTE,
                        Label.EB_ADDRESS,
                        Label.EB_FAILURE,
                        Label.POOL_NAME,
                        Label.POOL_TYPE))
                // The HTTP metrics contain the same figures.
                .addDisabledMetricsCategory(MetricsDomain.NET_SERVER)
                .addDisabledMetricsCategory(MetricsDomain.NET_CLIENT);
    }

    /**
     * Returns the current values.
     *
     * @param openMetrics whether the format is OpenMetrics 1.0 instead of the text format of Prometheus 0.0.4
     */
    public String scrape(boolean openMetrics) {
        return registry.scrape(contentType(openMetrics));
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

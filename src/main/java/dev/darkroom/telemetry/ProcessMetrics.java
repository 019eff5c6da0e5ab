package dev.darkroom.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.core.spi.VertxMetricsFactory;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.time.Duration;
import java.util.Set;

/**
 * The meters of one process: those of Vert.x, of the JVM, and those that features register in {@link #registry}. Thread-safe.
 *
 * <p>No label has an unbounded set of values: no user, id, URL or text of a message.
 */
public final class ProcessMetrics implements AutoCloseable {
    private static final String PLAIN = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /** Upper bounds of the buckets of all timers of Darkroom: from a statement to the deadline of a generation. */
    private static final double[] BUCKETS = nanoseconds(
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            Duration.ofMillis(25),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofMillis(500),
            Duration.ofSeconds(1),
            Duration.ofMillis(2_500),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMinutes(1),
            Duration.ofMinutes(2),
            Duration.ofMinutes(5),
            Duration.ofMinutes(15),
            Duration.ofHours(1));

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollections = new JvmGcMetrics();

    public ProcessMetrics() {
        registry.config().meterFilter(new BucketFilter());
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        garbageCollections.bindTo(registry);
    }

    /** Gives timers of Darkroom and of HTTP servers buckets, and no others, because a bucket is a time series. */
    private static final class BucketFilter implements MeterFilter {
        private static final Set<String> WITH_BUCKETS = Set.of("vertx.http.server.response.time");

        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return MeterFilterReply.NEUTRAL;
        }

        @Override
        public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
            boolean timer = id.getType() == Meter.Type.TIMER;
            return timer && (id.getName().startsWith("darkroom.") || WITH_BUCKETS.contains(id.getName()))
                    ? DistributionStatisticConfig.builder()
                            .serviceLevelObjectives(BUCKETS)
                            .build()
                            .merge(config)
                    : config;
        }
    }

    /** Returns the registry in which features register their meters. */
    public MeterRegistry registry() {
        return registry;
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
                        Label.HTTP_METHOD,
                        Label.HTTP_CODE,
                        Label.HTTP_ROUTE,
                        Label.EB_ADDRESS,
                        Label.EB_FAILURE,
                        Label.POOL_NAME,
                        Label.POOL_TYPE,
                        Label.CLASS_NAME))
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

    private static double[] nanoseconds(Duration... durations) {
        double[] values = new double[durations.length];
        for (int i = 0; i < durations.length; i++) {
            values[i] = durations[i].toNanos();
        }
        return values;
    }
}

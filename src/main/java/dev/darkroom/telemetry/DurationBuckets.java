package dev.darkroom.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import java.time.Duration;
import java.util.stream.Stream;

/** Gives buckets to the timers of Darkroom and of HTTP servers, and to no others, because each bucket is a time series. */
final class DurationBuckets implements MeterFilter {
    private static final String HTTP_RESPONSE_TIME = "vertx.http.server.response.time";

    /** Upper bounds, in nanoseconds: from a statement to the deadline of a generation. */
    private static final double[] UPPER_BOUNDS = Stream.of(
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
                    Duration.ofHours(1))
            .mapToDouble(Duration::toNanos)
            .toArray();

    @Override
    public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
        boolean hasBuckets = id.getType() == Meter.Type.TIMER
                && (id.getName().startsWith("darkroom.") || id.getName().equals(HTTP_RESPONSE_TIME));
        return hasBuckets
                ? DistributionStatisticConfig.builder()
                        .serviceLevelObjectives(UPPER_BOUNDS)
                        .build()
                        .merge(config)
                : config;
    }
}

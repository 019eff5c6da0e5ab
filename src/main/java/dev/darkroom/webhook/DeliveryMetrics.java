package dev.darkroom.webhook;

import dev.darkroom.telemetry.AttemptWaitTimer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** Meters of delivery attempts. Thread-safe. */
public final class DeliveryMetrics {
    private static final String OUTCOME = "outcome";

    private final MeterProvider<Counter> attempts;
    private final MeterProvider<Timer> durations;
    private final AttemptWaitTimer lag;

    public DeliveryMetrics(MeterRegistry registry) {
        attempts = Counter.builder("darkroom.webhook.attempts")
                .description("Delivery attempts with a stored outcome")
                .withRegistry(registry);
        durations = Timer.builder("darkroom.webhook.attempt.duration")
                .description("Time from the start of a delivery attempt until its outcome is stored")
                .withRegistry(registry);
        lag = new AttemptWaitTimer(
                registry, "darkroom.webhook.lag", "Time from the due time of a delivery attempt to its start");
    }

    void recordStart(WebhookDeliveryLease lease) {
        lag.record(lease.number(), lease.waited());
    }

    /** Records the stored outcome of an attempt of this process. */
    void recordEnd(WebhookDeliveryLease lease, DeliveryAttemptOutcome outcome) {
        recordEnd(outcome);
        durations.withTag(OUTCOME, outcome.name()).record(System.nanoTime() - lease.claimedAt(), TimeUnit.NANOSECONDS);
    }

    /** Records the stored outcome of an attempt of another process. */
    void recordEnd(DeliveryAttemptOutcome outcome) {
        attempts.withTag(OUTCOME, outcome.name()).increment();
    }
}

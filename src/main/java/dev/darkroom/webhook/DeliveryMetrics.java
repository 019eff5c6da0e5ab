package dev.darkroom.webhook;

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
    private final Timer firstLag;
    private final Timer laterLag;

    public DeliveryMetrics(MeterRegistry registry) {
        attempts = Counter.builder("darkroom.webhook.attempts")
                .description("Delivery attempts with a stored outcome")
                .withRegistry(registry);
        durations = Timer.builder("darkroom.webhook.attempt.duration")
                .description("Time from the start of a delivery attempt until its outcome is stored")
                .withRegistry(registry);
        firstLag = lag(registry, "FIRST");
        laterLag = lag(registry, "LATER");
    }

    private static Timer lag(MeterRegistry registry, String attempt) {
        return Timer.builder("darkroom.webhook.lag")
                .description("Time from the due time of a delivery attempt to its start")
                .tag("attempt", attempt)
                .register(registry);
    }

    void recordStart(WebhookDeliveryLease lease) {
        (lease.number() == 1 ? firstLag : laterLag).record(lease.waited());
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

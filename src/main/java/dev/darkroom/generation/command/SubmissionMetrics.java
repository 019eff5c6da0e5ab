package dev.darkroom.generation.command;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;

/** Meters of accepted and rejected generations. Thread-safe. */
public final class SubmissionMetrics {
    /** Limit that a valid request exceeded. */
    enum Limit {
        /** The queue is full. */
        QUEUE_FULL,
        /** The generation would not start before its deadline. */
        WAIT_TOO_LONG,
        /** The user has too many pending generations. */
        PENDING_QUOTA,
        /** The user has created too many generations on this day. */
        DAILY_QUOTA,
        /** A budget of the user or of the AI servers is exhausted. */
        BUDGET_EXCEEDED
    }

    private final Counter accepted;
    private final Map<Limit, Counter> rejected = new EnumMap<>(Limit.class);

    public SubmissionMetrics(MeterRegistry registry) {
        accepted = Counter.builder("darkroom.generations.accepted")
                .description("Generations that this process stored")
                .register(registry);
        for (Limit limit : Limit.values()) {
            rejected.put(
                    limit,
                    Counter.builder("darkroom.generations.rejected")
                            .description("Valid requests that exceeded a limit")
                            .tag("reason", limit.name())
                            .register(registry));
        }
    }

    void recordAccepted() {
        accepted.increment();
    }

    void recordRejected(Limit limit) {
        rejected.get(limit).increment();
    }
}

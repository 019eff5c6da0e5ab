package dev.darkroom.generation.worker;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.telemetry.AttemptWaitTimer;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Meters of attempts. Thread-safe. */
public final class AttemptMetrics {
    private static final String BACKEND = "backend";
    private static final String OUTCOME = "outcome";
    private static final String NO_FAILURE = "NONE";

    private final MeterProvider<Counter> attempts;
    private final MeterProvider<Counter> submissions;
    private final MeterProvider<Timer> durations;
    private final AttemptWaitTimer queueTimes;

    public AttemptMetrics(MeterRegistry registry) {
        attempts = Counter.builder("darkroom.attempts")
                .description("Attempts with a stored outcome")
                .withRegistry(registry);
        submissions = Counter.builder("darkroom.submissions")
                .description("Attempts that submitted work to the AI server")
                .withRegistry(registry);
        durations = Timer.builder("darkroom.attempt.duration")
                .description("Time from the start of an attempt until its outcome is stored")
                .withRegistry(registry);
        queueTimes = new AttemptWaitTimer(
                registry, "darkroom.generation.queue", "Time from the due time of an attempt to its start");
    }

    void recordStart(GenerationLease lease) {
        queueTimes.record(lease.number(), lease.waited() == null ? Duration.ZERO : lease.waited());
    }

    /** Records a stored outcome of an attempt of this process. */
    void recordEnd(RunningAttempt attempt, AttemptOutcome outcome, FailureClass failureClass) {
        String backend = attempt.generationLease().backend();
        recordEnd(backend, outcome, failureClass, attempt.submitted());
        durations.withTags(Tags.of(BACKEND, backend, OUTCOME, outcome.name())).record(attempt.elapsed());
    }

    /**
     * Records a stored outcome.
     *
     * @param failureClass null for a success
     * @param submitted whether the AI server may have received a submission
     */
    void recordEnd(String backend, AttemptOutcome outcome, FailureClass failureClass, boolean submitted) {
        String failure = failureClass == null ? NO_FAILURE : failureClass.name();
        attempts.withTags(Tags.of(BACKEND, backend, OUTCOME, outcome.name(), "failure", failure))
                .increment();
        if (submitted) {
            submissions.withTag(BACKEND, backend).increment();
        }
    }
}

package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.telemetry.TraceSpan;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Attempt of a lease without a recorded outcome.
 *
 * @param span of the attempt; {@link TraceSpan#NONE} without tracing
 * @param leaseLost returns whether the lease was lost, so that nothing is recorded
 * @param nanoClock monotonic clock in nanoseconds
 * @param startedAt by that clock
 * @param submitted whether the AI server may have received a submission
 */
record RunningAttempt(
        GenerationLease generationLease,
        BackendCall backendCall,
        JobRecorder jobRecorder,
        TraceSpan span,
        BooleanSupplier leaseLost,
        LongSupplier nanoClock,
        long startedAt,
        boolean submitted) {

    RunningAttempt withSubmitted(boolean value) {
        return new RunningAttempt(
                generationLease, backendCall, jobRecorder, span, leaseLost, nanoClock, startedAt, value);
    }

    /** @param moved lease with another AI server */
    RunningAttempt withLease(GenerationLease moved) {
        return new RunningAttempt(moved, backendCall, jobRecorder, span, leaseLost, nanoClock, startedAt, submitted);
    }

    /** Returns the time until the deadline of the generation. */
    Duration timeLeft() {
        return generationLease.timeLeft().minus(elapsed());
    }

    /** Returns the time since the start. */
    Duration elapsed() {
        return Duration.ofNanos(nanoClock.getAsLong() - startedAt);
    }
}

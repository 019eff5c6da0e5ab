package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.telemetry.Tracing;
import java.time.Duration;

/** Spans of attempts, children of the span that accepted the generation. */
final class AttemptSpans {
    /** Value of {@link SpanAttribute#ERROR_TYPE} of an attempt without a recorded outcome. */
    private static final String LEASE_LOST = "LEASE_LOST";

    private AttemptSpans() {}

    /** Starts the span of an attempt, and records the time that the generation has waited for it. */
    static TraceSpan start(Tracing tracing, GenerationLease generationLease) {
        if (generationLease.waited() != null) {
            identify(
                            tracing.resume(generationLease.trace(), SpanType.GENERATION_WAIT, generationLease.waited()),
                            generationLease)
                    .end();
        }
        return start(tracing, generationLease, Duration.ZERO).logWith("generation", generationLease.generationId());
    }

    /** Records an attempt that another process started. */
    static void recordAbandoned(
            Tracing tracing,
            GenerationLease generationLease,
            Duration age,
            AttemptOutcome outcome,
            BackendFailure backendFailure) {
        fail(start(tracing, generationLease, age), outcome, backendFailure);
    }

    private static TraceSpan start(Tracing tracing, GenerationLease generationLease, Duration age) {
        TraceSpan span =
                identify(tracing.resume(generationLease.trace(), SpanType.GENERATION_ATTEMPT, age), generationLease);
        recordBackend(span, generationLease);
        return span.set(SpanAttribute.MESSAGING_ID, generationLease.generationId())
                .set(SpanAttribute.NODE, generationLease.nodeId());
    }

    private static TraceSpan identify(TraceSpan span, GenerationLease generationLease) {
        return span.set(SpanAttribute.GENERATION, generationLease.generationId())
                .set(SpanAttribute.ATTEMPT, generationLease.number());
    }

    /** Records the AI server of an attempt, also after a move to another one. */
    static void recordBackend(TraceSpan span, GenerationLease generationLease) {
        span.set(SpanAttribute.BACKEND, generationLease.backend())
                .set(SpanAttribute.SELECTION, generationLease.selection());
    }

    /** Ends the span of an attempt that succeeded, or that lost its lease before its outcome was recorded. */
    static void complete(TraceSpan span, boolean recorded) {
        if (recorded) {
            span.set(SpanAttribute.OUTCOME, AttemptOutcome.SUCCEEDED).end();
        } else {
            span.fail(LEASE_LOST);
        }
    }

    /** Ends the span of a failed attempt. */
    static void fail(TraceSpan span, AttemptOutcome outcome, BackendFailure backendFailure) {
        span.set(SpanAttribute.OUTCOME, outcome)
                .set(SpanAttribute.FAILURE_CLASS, backendFailure.failureClass())
                .fail(backendFailure.code());
    }

    /** Ends the span of a call to an AI server. */
    static void end(TraceSpan span, BackendOutcome backendOutcome) {
        if (backendOutcome instanceof BackendOutcome.Failed failed) {
            span.set(SpanAttribute.FAILURE_CLASS, failed.backendFailure().failureClass())
                    .fail(failed.backendFailure().code());
        } else if (backendOutcome instanceof BackendOutcome.Generated generated) {
            span.set(SpanAttribute.IMAGES, generated.images().size()).end();
        } else {
            // Aborted, not started, or no such job.
            span.set(SpanAttribute.ERROR_TYPE, backendOutcome.getClass().getSimpleName())
                    .end();
        }
    }
}

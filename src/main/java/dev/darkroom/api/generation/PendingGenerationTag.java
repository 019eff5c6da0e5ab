package dev.darkroom.api.generation;

import dev.darkroom.backend.JobProgress;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.Generation.QueuePosition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Computes the entity tag of a pending generation. */
final class PendingGenerationTag {
    private PendingGenerationTag() {}

    /**
     * Returns the weak entity tag of a pending generation, with its quotes. Everything in the response that can change is part of it,
     * except the estimated start, which moves with the time.
     */
    static String of(Generation generation) {
        List<Attempt> attempts = generation.attempts();
        Attempt last = attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
        QueuePosition position = generation.queuePosition();
        return "W/\"" + toMicros(generation.updatedAt())
                + '-' + generation.failedAttempts()
                + '-' + (last != null && last.isRunning() ? toMicros(last.startedAt()) : "")
                + '-' + (position == null ? "" : position.ahead() + 1)
                + (last == null || !last.isRunning() || last.apiKey() == null ? "" : "-" + last.apiKey())
                + (last == null || last.progress() == null ? "" : "-" + format(last.progress())) + '"';
    }

    private static String format(JobProgress progress) {
        return (progress.percent() == null ? "" : progress.percent()) + "."
                + (progress.queuePosition() == null ? "" : progress.queuePosition());
    }

    /** Returns a time in microseconds, the unit of the database, as text. */
    private static String toMicros(Instant time) {
        return Long.toString(ChronoUnit.MICROS.between(Instant.EPOCH, time), Character.MAX_RADIX);
    }
}

package dev.darkroom.generation.watch;

import dev.darkroom.backend.JobProgress;
import java.util.UUID;

/**
 * Progress of the job of a running attempt, as a key of {@link dev.darkroom.generation.GenerationSignals#JOB_PROGRESS}: generation,
 * attempt, percent and queue position, separated by spaces; {@code -} for an unknown value.
 *
 * @param attempt number of the attempt, from 1
 */
public record JobProgressSignal(UUID generationId, int attempt, JobProgress progress) {
    private static final String UNKNOWN = "-";

    /** Returns the signal of a key. */
    static JobProgressSignal parse(String key) {
        String[] parts = key.split(" ", -1);
        return new JobProgressSignal(
                UUID.fromString(parts[0]),
                Integer.parseInt(parts[1]),
                new JobProgress(parseNumber(parts[2]), parseNumber(parts[3])));
    }

    private static Integer parseNumber(String text) {
        return text.equals(UNKNOWN) ? null : Integer.valueOf(text);
    }

    /** Returns the key of this signal. */
    String key() {
        return generationId + " " + attempt + " " + format(progress.percent()) + " " + format(progress.queuePosition());
    }

    private static String format(Integer number) {
        return number == null ? UNKNOWN : number.toString();
    }
}

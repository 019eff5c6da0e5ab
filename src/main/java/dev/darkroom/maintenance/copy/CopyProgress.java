package dev.darkroom.maintenance.copy;

import dev.darkroom.maintenance.copy.ImageTransfer.Outcome;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Counts the images of a copy, and reports them every ten seconds. Confined to one thread. */
final class CopyProgress {
    private static final long REPORT_INTERVAL_NANOS = 10_000_000_000L;

    private final Consumer<String> reporter;
    /** By storage key, in the order of their detection. */
    private final Map<String, String> problems = new LinkedHashMap<>();

    private long present;
    private long copied;
    private long copiedBytes;
    private long replaced;
    private long newImages;
    private long reportedAt = System.nanoTime();

    /** @param reporter receives one line for operators at a time */
    CopyProgress(Consumer<String> reporter) {
        this.reporter = reporter;
    }

    /** @param firstPass whether all images are examined, not only new ones */
    void add(ImageRow row, Outcome outcome, boolean firstPass) {
        problems.remove(row.key());
        switch (outcome) {
            case PRESENT -> present += firstPass ? 1 : 0;
            case COPIED, REPLACED -> {
                copied++;
                copiedBytes += row.bytes();
                replaced += outcome == Outcome.REPLACED ? 1 : 0;
                newImages += firstPass ? 0 : 1;
            }
            case MISSING -> addProblem(row, "missing in both stores");
            case DIFFERENT -> addProblem(row, "the bytes in the source are not those of the row");
        }
    }

    void addProblem(ImageRow row, String problem) {
        problems.put(row.key(), problem);
    }

    int problemCount() {
        return problems.size();
    }

    /** Reports the counts, unless they were reported within ten seconds. */
    void reportSometimes() {
        if (System.nanoTime() - reportedAt >= REPORT_INTERVAL_NANOS) {
            reportedAt = System.nanoTime();
            reporter.accept(summary().toText());
        }
    }

    CopySummary summary() {
        return new CopySummary(present, copied, copiedBytes, replaced, newImages, new LinkedHashMap<>(problems));
    }
}

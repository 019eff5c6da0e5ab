package dev.darkroom.maintenance.copy;

import java.util.List;
import java.util.Map;

/**
 * What a copy has done.
 *
 * @param present images that the target had
 * @param copied images that were copied, including replaced ones
 * @param copiedBytes size of the copied images
 * @param replaced images that the target had with other bytes
 * @param newImages copied images that were stored during the copy
 * @param problems by storage key: images that the target does not have now
 */
public record CopySummary(
        long present, long copied, long copiedBytes, long replaced, long newImages, Map<String, String> problems) {
    private static final int SHOWN_PROBLEMS = 20;

    /** Returns whether the target has all images. */
    public boolean isComplete() {
        return problems.isEmpty();
    }

    /** Returns lines for operators: the first problems. */
    public List<String> problemLines() {
        return problems.entrySet().stream()
                .limit(SHOWN_PROBLEMS)
                .map(problem -> problem.getKey() + ": " + problem.getValue())
                .toList();
    }

    /** Returns the result in one line. */
    public String toText() {
        return "%,d images copied (%,d bytes, %,d images replaced, %,d stored during the copy), %,d already there, %,d not copied"
                .formatted(copied, copiedBytes, replaced, newImages, present, problems.size());
    }
}

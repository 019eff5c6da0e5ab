package dev.darkroom.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Upper limits for the bytes that the service allocates per request. Unlike a rate, an allocation does not depend on the
 * machine, so the benchmark fails when one is exceeded. Lower a figure when a change reduces it.
 */
final class AllocationLimits {
    /** Kilobytes of 1,024 bytes per request, as measured, by workload. */
    static final Map<String, Double> MEASURED_KB = Map.of(
            ApiBenchmark.POST_USUAL, 23.6,
            ApiBenchmark.POST_LONG, 54.2,
            ApiBenchmark.GET_WAITING, 16.9,
            ApiBenchmark.GET_ENDED, 7.2);

    /** Rounds differ by a few percent. */
    static final double MARGIN = 1.15;

    private AllocationLimits() {}

    /** Returns a description of each exceeded limit. */
    static List<String> findExceeded(Map<String, Double> allocatedKb) {
        List<String> exceeded = new ArrayList<>();
        allocatedKb.forEach((workload, kilobytes) -> {
            double limit = MEASURED_KB.get(workload) * MARGIN;
            if (kilobytes > limit) {
                exceeded.add("%s allocates %s kB per request, more than %s"
                        .formatted(
                                workload,
                                MedianWithRange.formatNumber(kilobytes, 1),
                                MedianWithRange.formatNumber(limit, 1)));
            }
        });
        return exceeded;
    }
}

package dev.darkroom.benchmark;

import java.util.List;

/** Median, 99 % quantile and maximum of latencies, in milliseconds. */
record LatencyQuantiles(double median, double p99, double maximum, int count) {

    static LatencyQuantiles of(List<Double> milliseconds) {
        List<Double> sorted = milliseconds.stream().sorted().toList();
        int count = sorted.size();
        if (count == 0) {
            throw new IllegalStateException("nothing was measured");
        }
        return new LatencyQuantiles(
                sorted.get(count / 2), sorted.get((int) (count * 0.99)), sorted.get(count - 1), count);
    }
}

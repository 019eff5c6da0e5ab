package dev.darkroom.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Renders the cost of metrics: ratios of the service with metrics to the one without, within a round. */
final class MetricsReport implements BenchmarkReport {
    /** Permitted ratio of the allocated bytes. */
    private static final double MAX_ALLOCATION = 1.03;

    private final List<InterleavedComparison> comparisons = new ArrayList<>();
    private final List<MeterCost> costs = new ArrayList<>();
    private final String head;

    /** @param machine describes the machine */
    MetricsReport(String machine, int connections, BenchmarkOptions options) {
        head = options.describeRounds(connections + " concurrent requests", machine);
    }

    /** @param comparison of the service with metrics and the one without */
    void add(InterleavedComparison comparison) {
        comparisons.add(comparison);
    }

    void add(MeterCost cost) {
        costs.add(cost);
    }

    /** Returns the workloads that exceed the permitted allocation with metrics. */
    List<String> findExceeded() {
        return comparisons.stream()
                .filter(comparison -> allocation(comparison).median() > MAX_ALLOCATION)
                .map(comparison -> comparison.title() + ": metrics allocate "
                        + allocation(comparison).format(3) + " times as much")
                .toList();
    }

    private static MedianWithRange allocation(InterleavedComparison comparison) {
        return ratio(comparison, RoundMeasurement::allocatedBytes);
    }

    private static MedianWithRange ratio(InterleavedComparison comparison, ToDoubleFunction<RoundMeasurement> figure) {
        return comparison.ratiosTo(comparison.systems().get(1), figure);
    }

    @Override
    public String render() {
        return head + renderRatios();
    }

    @Override
    public String renderRatios() {
        StringBuilder text = new StringBuilder(
                "| request | per second | allocated | CPU time | allocated kB | CPU µs |\n|---|--:|--:|--:|--:|--:|\n");
        for (InterleavedComparison comparison : comparisons) {
            ComparedSystem with = comparison.systems().get(0);
            text.append("| %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            comparison.title(),
                            ratio(comparison, each -> each.loadResult().rate()).format(3),
                            allocation(comparison).format(3),
                            ratio(comparison, RoundMeasurement::processCpu).format(3),
                            comparison
                                    .medianOf(with, each -> each.allocatedBytes() / 1024)
                                    .format(1),
                            comparison
                                    .medianOf(with, RoundMeasurement::processCpu)
                                    .format(0)));
        }
        text.append("\nRecording alone:");
        for (MeterCost cost : costs) {
            text.append(" %s %s bytes and %s ns;"
                    .formatted(
                            cost.name(),
                            MedianWithRange.formatNumber(cost.bytes(), 0),
                            MedianWithRange.formatNumber(cost.nanos(), 0)));
        }
        text.setCharAt(text.length() - 1, '.');
        return text.append("\n\n").toString();
    }

    @Override
    public List<BarChart> charts() {
        return List.of();
    }
}

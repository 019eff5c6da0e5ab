package dev.darkroom.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Renders comparisons of one system with another as a Markdown table. */
final class InterleavedComparisonReport implements BenchmarkReport {
    private final List<InterleavedComparison> comparisons = new ArrayList<>();
    private final String head;

    /** @param machine describes the machine */
    InterleavedComparisonReport(String machine, int connections, BenchmarkOptions options) {
        head = options.describeRounds(connections + " concurrent calls", machine);
    }

    /** @param comparison of a system with a single baseline */
    void add(InterleavedComparison comparison) {
        comparisons.add(comparison);
    }

    @Override
    public String render() {
        return head + renderRatios();
    }

    @Override
    public String renderRatios() {
        StringBuilder text = new StringBuilder(
                "| call | | per second | ratio | median ms | 99 % ms | allocated kB | CPU µs |\n|---|---|--:|--:|--:|--:|--:|--:|\n");
        for (InterleavedComparison comparison : comparisons) {
            ComparedSystem first = comparison.systems().get(0);
            for (ComparedSystem system : comparison.systems()) {
                text.append("| %s | %s | %s | %s | %s | %s | %s | %s |%n"
                        .formatted(
                                comparison.title(),
                                system.name(),
                                comparison.rateOf(system).format(0),
                                system == first
                                        ? comparison
                                                .ratiosTo(comparison.systems().get(1))
                                                .format(2)
                                        : "",
                                median(
                                        comparison,
                                        system,
                                        2,
                                        m -> m.loadResult().latencyMs(0.5)),
                                median(
                                        comparison,
                                        system,
                                        2,
                                        m -> m.loadResult().latencyMs(0.99)),
                                median(comparison, system, 1, m -> m.allocatedBytes() / 1024),
                                median(comparison, system, 0, RoundMeasurement::processCpu)));
            }
        }
        return text.append('\n').toString();
    }

    private static String median(
            InterleavedComparison comparison,
            ComparedSystem system,
            int decimals,
            ToDoubleFunction<RoundMeasurement> figure) {
        return MedianWithRange.formatNumber(comparison.medianOf(system, figure).median(), decimals);
    }

    @Override
    public List<BarChart> charts() {
        return List.of();
    }
}

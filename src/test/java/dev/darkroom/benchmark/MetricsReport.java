package dev.darkroom.benchmark;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Renders the cost of metrics: ratios of the service with metrics to the one without. */
final class MetricsReport implements BenchmarkReport {
    /** Permitted ratio of the allocated bytes and of the CPU time. */
    private static final double MAX_RATIO = 1.03;

    /** Rounds of each group of processes, by the name of the request. */
    private final Map<String, List<List<MeteredRound>>> groupsByRequest = new LinkedHashMap<>();

    private final List<MeterCost> costs = new ArrayList<>();
    private final String head;

    /** @param machine describes the machine */
    MetricsReport(String machine, int groups) {
        head = "Measured on %s: %d concurrent requests, %d groups of three processes.%n%nMachine: %s.%n%n"
                .formatted(LocalDate.now(ZoneOffset.UTC), ApiBenchmark.CONNECTIONS, groups, machine);
    }

    /** @param rounds of one group of processes */
    void add(String request, List<MeteredRound> rounds) {
        groupsByRequest.computeIfAbsent(request, name -> new ArrayList<>()).add(rounds);
    }

    void add(MeterCost cost) {
        costs.add(cost);
    }

    /** Returns the requests with too high costs of metrics. */
    List<String> findExceeded() {
        List<String> exceeded = new ArrayList<>();
        groupsByRequest.forEach((request, groups) -> {
            check(exceeded, request + " allocates", ofGroups(groups, MetricsReport::allocation));
            check(exceeded, request + " takes CPU time", ofGroups(groups, MetricsReport::cpu));
        });
        return exceeded;
    }

    private static void check(List<String> exceeded, String cost, MedianWithRange ratio) {
        if (ratio.median() > MAX_RATIO) {
            exceeded.add("With metrics, " + cost + " " + ratio.format(3) + " times as much");
        }
    }

    private static double allocation(MeteredRound round) {
        return round.with().bytes() / round.without().bytes();
    }

    private static double cpu(MeteredRound round) {
        return round.with().cpu() / round.without().cpu();
    }

    /** Returns the median of the groups; the figure of a group is the median of its rounds. */
    private static MedianWithRange ofGroups(List<List<MeteredRound>> groups, ToDoubleFunction<MeteredRound> figure) {
        return MedianWithRange.of(
                groups.stream().map(rounds -> ofRounds(rounds, figure).median()).toList());
    }

    private static MedianWithRange ofRounds(List<MeteredRound> rounds, ToDoubleFunction<MeteredRound> figure) {
        return MedianWithRange.of(rounds.stream().map(figure::applyAsDouble).toList());
    }

    @Override
    public String render() {
        return head + renderRatios();
    }

    @Override
    public String renderRatios() {
        StringBuilder text = new StringBuilder(
                "| request | allocated | CPU time | throughput | per second | allocated kB | CPU µs |\n|---|--:|--:|--:|--:|--:|--:|\n");
        groupsByRequest.forEach((request, groups) -> {
            text.append("| %s | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            request,
                            ofGroups(groups, MetricsReport::allocation).format(3),
                            ofGroups(groups, MetricsReport::cpu).format(3),
                            ofGroups(groups, round -> round.rate() / round.baseRate())
                                    .format(3),
                            ofGroups(groups, MeteredRound::rate).format(0),
                            ofGroups(groups, round -> round.with().bytes() / 1024)
                                    .format(1),
                            ofGroups(groups, round -> round.with().cpu()).format(0)));
            text.append("| %s, both without | %s | %s | | | | |%n"
                    .formatted(
                            request,
                            ofGroups(
                                            groups,
                                            round -> round.again().bytes()
                                                    / round.without().bytes())
                                    .format(3),
                            ofGroups(
                                            groups,
                                            round -> round.again().cpu()
                                                    / round.without().cpu())
                                    .format(3)));
        });
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

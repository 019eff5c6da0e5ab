package dev.darkroom.benchmark;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Renders the figures of {@link ApiBenchmark} as Markdown. */
final class ApiBenchmarkReport implements BenchmarkReport {
    /** Explains the notes of the bars. */
    static final String LEGEND = "n ×: Darkroom reaches n times its rate";

    private final List<InterleavedComparison> comparisons = new ArrayList<>();
    private final Map<InterleavedComparison, Integer> bytes = new HashMap<>();
    private final Map<String, JfrProfile> profiles = new LinkedHashMap<>();
    private final StringBuilder head = new StringBuilder();
    private final Map<String, LatencyQuantiles> idleLatencies = new LinkedHashMap<>();
    private final StringBuilder longPolls = new StringBuilder();

    ApiBenchmarkReport(int connections, BenchmarkOptions options) {
        head.append("Measured on %s: %d concurrent requests, %d rounds of %d s each."
                        .formatted(
                                LocalDate.now(ZoneOffset.UTC),
                                connections,
                                options.rounds(),
                                options.roundDuration().toSeconds()))
                .append(" Medians; in brackets the lowest and the highest round.\n\n");
    }

    void addMachine(String description) {
        head.append("Machine: ").append(description).append(".\n\n");
    }

    /** @param length bytes of the request body of a POST, or of the response body of a GET */
    void addComparison(InterleavedComparison comparison, int length) {
        comparisons.add(comparison);
        bytes.put(comparison, length);
    }

    /** Returns the kilobytes that the service allocates per request, by title of the comparison. */
    Map<String, Double> allocatedKb() {
        Map<String, Double> allocated = new LinkedHashMap<>();
        comparisons.forEach(comparison -> allocated.put(
                comparison.title(),
                comparison
                        .medianOf(comparison.systems().get(0), m -> m.allocatedBytes() / 1024)
                        .median()));
        return allocated;
    }

    void addProfile(String name, JfrProfile profile) {
        profiles.put(name, profile);
    }

    /** Adds a latency of an idle service. */
    void addIdleLatency(String name, LatencyQuantiles latency) {
        idleLatencies.put(name, latency);
    }

    private void renderIdleLatencies(StringBuilder text) {
        text.append("| on an idle service, one request at a time | median ms | 99 % ms | times |\n|---|--:|--:|--:|\n");
        idleLatencies.forEach((name, latency) -> row(
                text,
                name,
                MedianWithRange.formatNumber(latency.median(), 2),
                MedianWithRange.formatNumber(latency.p99(), 2),
                String.valueOf(latency.count())));
        text.append('\n');
    }

    void addLongPolls(int count, long bytesEach, int additionalThreads, double statements, double busyCores) {
        longPolls.append(
                ("%,d connections waiting with `Prefer: wait` in one process: %,d bytes each, heap and direct memory of socket"
                                + " and request; %d additional threads; %.1f statements a second in total, including those of an"
                                + " idle process; %.1f %% of a core.\n\n")
                        .formatted(count, bytesEach, additionalThreads, statements, busyCores * 100));
    }

    @Override
    public String renderRatios() {
        StringBuilder text = new StringBuilder("| workload | compared with | ratio |\n|---|---|--:|\n");
        for (InterleavedComparison comparison : comparisons) {
            for (ComparedSystem system : comparison.systems()) {
                if (system.role() != SystemRole.DARKROOM) {
                    row(
                            text,
                            comparison.title(),
                            system.name(),
                            comparison.ratiosTo(system).format(2));
                }
            }
        }
        text.append("\n| workload | allocated kB per request |\n|---|--:|\n");
        allocatedKb().forEach((title, kb) -> row(text, title, MedianWithRange.formatNumber(kb, 1)));
        text.append('\n');
        renderIdleLatencies(text);
        return text.toString();
    }

    @Override
    public List<BarChart> charts() {
        List<BarChart.Panel> panels = comparisons.stream()
                .map(comparison -> new BarChart.Panel(
                        comparison.title(),
                        comparison.systems().stream()
                                .map(system -> barOf(comparison, system))
                                .toList()))
                .toList();
        return List.of(new BarChart(
                "api", "Requests per second of Darkroom, NestJS and limits", "requests per second", LEGEND, panels));
    }

    private static BarChart.Bar barOf(InterleavedComparison comparison, ComparedSystem system) {
        String note = system.role() == SystemRole.DARKROOM
                ? ""
                : "Darkroom: "
                        + MedianWithRange.formatNumber(
                                comparison.ratiosTo(system).median(), 2) + " ×";
        return new BarChart.Bar(system.name(), system.role(), comparison.rateOf(system), note);
    }

    @Override
    public String render() {
        StringBuilder text = new StringBuilder(head);
        renderRates(text);
        renderIdleLatencies(text);
        text.append(longPolls);
        renderCosts(text);
        renderProfiles(text);
        return text.toString();
    }

    private void renderRates(StringBuilder text) {
        text.append(
                "| workload | system | per second | Darkroom reaches | median ms | 99 % ms |\n|---|---|--:|--:|--:|--:|\n");
        for (InterleavedComparison comparison : comparisons) {
            ComparedSystem first = comparison.systems().get(0);
            for (ComparedSystem system : comparison.systems()) {
                row(
                        text,
                        comparison.title() + ", " + bytes.get(comparison) + " bytes",
                        system.name(),
                        comparison.rateOf(system).format(0),
                        system == first ? "" : comparison.ratiosTo(system).format(2),
                        latency(comparison, system, 0.5),
                        latency(comparison, system, 0.99));
            }
        }
        text.append('\n');
    }

    private static String latency(InterleavedComparison comparison, ComparedSystem system, double fraction) {
        return MedianWithRange.formatNumber(
                comparison
                        .medianOf(
                                system, measurement -> measurement.loadResult().latencyMs(fraction))
                        .median(),
                2);
    }

    private void renderCosts(StringBuilder text) {
        text.append(
                "Costs of one request (medians). CPU time in µs of the server, of PostgreSQL, and of the load generator:\n\n");
        text.append(
                "| workload | system | allocated kB | server | PostgreSQL | load | statements | executing µs | WAL bytes |\n");
        text.append("|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
        for (InterleavedComparison comparison : comparisons) {
            for (ComparedSystem system : comparison.systems()) {
                row(
                        text,
                        comparison.title(),
                        system.name(),
                        cost(comparison.medianOf(system, m -> m.allocatedBytes() / 1024), 1),
                        system.process() == null
                                ? ""
                                : cost(comparison.medianOf(system, RoundMeasurement::processCpu), 0),
                        cost(comparison.medianOf(system, RoundMeasurement::databaseCpu), 0),
                        cost(comparison.medianOf(system, RoundMeasurement::benchmarkCpu), 0),
                        cost(comparison.medianOf(system, RoundMeasurement::statements), 2),
                        cost(comparison.medianOf(system, m -> m.statementMs() * 1000), 0),
                        cost(comparison.medianOf(system, RoundMeasurement::walBytes), 0));
            }
        }
        text.append('\n');
    }

    private static String cost(MedianWithRange value, int decimals) {
        return Double.isNaN(value.median()) ? "" : MedianWithRange.formatNumber(value.median(), decimals);
    }

    private void renderProfiles(StringBuilder text) {
        text.append("CPU profile of the service, percent of samples");
        profiles.forEach(
                (name, profile) -> text.append("; ").append(name).append(": ").append(profile.samples()));
        text.append(".\n\n| part |");
        profiles.keySet().forEach(name -> text.append(' ').append(name).append(" |"));
        text.append("\n|---|").append("--:|".repeat(profiles.size())).append('\n');
        TreeSet<String> parts = new TreeSet<>();
        profiles.values().forEach(profile -> parts.addAll(profile.parts()));
        for (String part : parts) {
            List<String> cells = new ArrayList<>(List.of(part));
            profiles.values().forEach(profile -> cells.add(MedianWithRange.formatNumber(profile.percentOf(part), 1)));
            row(text, cells.toArray(String[]::new));
        }
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}

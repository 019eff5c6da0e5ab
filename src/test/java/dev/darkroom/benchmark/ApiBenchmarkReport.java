package dev.darkroom.benchmark;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The figures as Markdown. */
final class ApiBenchmarkReport {
    private final List<InterleavedComparison> comparisons = new ArrayList<>();
    private final List<String> pgbench = new ArrayList<>();
    private final Map<String, JfrProfile> profiles = new LinkedHashMap<>();
    private final StringBuilder head = new StringBuilder();
    private final StringBuilder idle = new StringBuilder();

    ApiBenchmarkReport(int callers, int rounds, Duration time) {
        head.append(
                        "Measured on %s: %d requests under way at any time, %d rounds of %d s each (3 for the largest prompts)."
                                .formatted(LocalDate.now(ZoneOffset.UTC), callers, rounds, time.toSeconds()))
                .append(" Medians; in brackets the worst and the best round.\n\n");
    }

    void addMachine(String description) {
        head.append("Machine: ").append(description).append(".\n\n");
    }

    void addComparison(InterleavedComparison interleavedComparison) {
        comparisons.add(interleavedComparison);
    }

    void pgbench(int clients, MedianWithRange rate) {
        pgbench.add("pgbench with the same row, %d connections: %s per second.\n".formatted(clients, rate.format(0)));
    }

    void addProfile(String name, JfrProfile jfrProfile) {
        profiles.put(name, jfrProfile);
    }

    /**
     * @param answered milliseconds from POST to 202, one POST at a time
     * @param asked the same from POST to the arrival of the AI call
     */
    void idle(List<Double> answered, List<Double> asked) {
        idle.append("| on an idle service, %d times | median | 99 %% |\n|---|--:|--:|\n".formatted(asked.size()));
        row(
                idle,
                "POST to 202, ms",
                MedianWithRange.formatNumber(percentile(answered, 0.5), 2),
                MedianWithRange.formatNumber(percentile(answered, 0.99), 2));
        row(
                idle,
                "POST to AI call, ms",
                MedianWithRange.formatNumber(percentile(asked, 0.5), 2),
                MedianWithRange.formatNumber(percentile(asked, 0.99), 2));
        idle.append('\n');
    }

    void addLongPolls(int count, long bytesEach, int moreThreads, double statements, double busy) {
        idle.append(
                ("%,d connections that wait by `Prefer: wait` in one process: %,d bytes each, heap and direct memory of socket"
                                + " and request; %d threads more; %.1f statements a second of all together, with what the process asks"
                                + " anyway; %.1f %% of a core.\n\n")
                        .formatted(count, bytesEach, moreThreads, statements, busy * 100));
    }

    private static double percentile(List<Double> values, double part) {
        return values.stream().sorted().toList().get((int) (values.size() * part));
    }

    String render() {
        StringBuilder text = new StringBuilder(head);
        renderRates(text);
        pgbench.forEach(text::append);
        text.append('\n').append(idle);
        renderCosts(text);
        profiles(text);
        return text.toString();
    }

    private void renderRates(StringBuilder text) {
        text.append(
                "| what | against | per second | Darkroom reaches | median ms | 99 % ms |\n|---|---|--:|--:|--:|--:|\n");
        for (InterleavedComparison interleavedComparison : comparisons) {
            ComparedSystem first = interleavedComparison.systems().get(0);
            for (ComparedSystem comparedSystem : interleavedComparison.systems()) {
                row(
                        text,
                        interleavedComparison.title(),
                        comparedSystem.name(),
                        interleavedComparison.rateOf(comparedSystem).format(0),
                        comparedSystem == first
                                ? ""
                                : interleavedComparison.ratiosTo(comparedSystem).format(2),
                        latency(interleavedComparison, comparedSystem, 0.5),
                        latency(interleavedComparison, comparedSystem, 0.99));
            }
        }
        text.append('\n');
    }

    private static String latency(
            InterleavedComparison interleavedComparison, ComparedSystem comparedSystem, double part) {
        return MedianWithRange.formatNumber(
                interleavedComparison
                        .medianOf(
                                comparedSystem,
                                roundMeasurement ->
                                        roundMeasurement.loadResult().latencyMs(part))
                        .median(),
                2);
    }

    private void renderCosts(StringBuilder text) {
        text.append(
                "What one request costs (medians). Processor time in µs, of the server, of PostgreSQL, and of what makes the"
                        + " load:\n\n");
        text.append(
                "| what | against | allocated kB | server | PostgreSQL | load | statements | executing µs | WAL bytes |\n");
        text.append("|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
        for (InterleavedComparison interleavedComparison : comparisons) {
            for (ComparedSystem comparedSystem : interleavedComparison.systems()) {
                row(
                        text,
                        interleavedComparison.title(),
                        comparedSystem.name(),
                        comparedSystem.process() == null
                                ? ""
                                : cost(
                                        interleavedComparison.medianOf(comparedSystem, m -> m.allocatedBytes() / 1024),
                                        1),
                        comparedSystem.process() == null
                                ? ""
                                : cost(interleavedComparison.medianOf(comparedSystem, RoundMeasurement::processCpu), 0),
                        cost(interleavedComparison.medianOf(comparedSystem, RoundMeasurement::databaseCpu), 0),
                        cost(interleavedComparison.medianOf(comparedSystem, RoundMeasurement::benchmarkCpu), 0),
                        cost(interleavedComparison.medianOf(comparedSystem, RoundMeasurement::statements), 2),
                        cost(interleavedComparison.medianOf(comparedSystem, m -> m.statementMs() * 1000), 0),
                        cost(interleavedComparison.medianOf(comparedSystem, RoundMeasurement::walBytes), 0));
            }
        }
        text.append('\n');
    }

    private static String cost(MedianWithRange medianWithRange, int decimals) {
        return MedianWithRange.formatNumber(medianWithRange.median(), decimals);
    }

    private void profiles(StringBuilder text) {
        text.append("Where the threads of the service are, percent of samples");
        profiles.forEach((name, jfrProfile) ->
                text.append("; ").append(name).append(": ").append(jfrProfile.samples()));
        text.append(".\n\n| part |");
        profiles.keySet().forEach(name -> text.append(' ').append(name).append(" |"));
        text.append("\n|---|").append("--:|".repeat(profiles.size())).append('\n');
        TreeSet<String> parts = new TreeSet<>();
        profiles.values().forEach(jfrProfile -> parts.addAll(jfrProfile.parts()));
        for (String part : parts) {
            List<String> cells = new ArrayList<>(List.of(part));
            profiles.values()
                    .forEach(jfrProfile -> cells.add(MedianWithRange.formatNumber(jfrProfile.percentOf(part), 1)));
            row(text, cells.toArray(String[]::new));
        }
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}

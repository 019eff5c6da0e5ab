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
final class Report {
    private final List<Comparison> comparisons = new ArrayList<>();
    private final List<String> pgbench = new ArrayList<>();
    private final Map<String, Profile> profiles = new LinkedHashMap<>();
    private final StringBuilder head = new StringBuilder();
    private final StringBuilder idle = new StringBuilder();

    Report(int callers, int rounds, Duration time) {
        head.append(
                        "Measured on %s: %d requests under way at any time, %d rounds of %d s each (3 for the largest prompts)."
                                .formatted(LocalDate.now(ZoneOffset.UTC), callers, rounds, time.toSeconds()))
                .append(" Medians; in brackets the worst and the best round.\n\n");
    }

    void machine(String description) {
        head.append("Machine: ").append(description).append(".\n\n");
    }

    void comparison(Comparison comparison) {
        comparisons.add(comparison);
    }

    void pgbench(int clients, Spread rate) {
        pgbench.add("pgbench with the same row, %d connections: %s per second.\n".formatted(clients, rate.text(0)));
    }

    void profile(String name, Profile profile) {
        profiles.put(name, profile);
    }

    /**
     * @param answered milliseconds from POST to 202, one POST at a time
     * @param asked the same from POST to the arrival of the AI call
     */
    void idle(List<Double> answered, List<Double> asked) {
        idle.append("| on an idle service, %d times | median | 99 %% |\n|---|--:|--:|\n".formatted(asked.size()));
        row(idle, "POST to 202, ms", Spread.number(part(answered, 0.5), 2), Spread.number(part(answered, 0.99), 2));
        row(idle, "POST to AI call, ms", Spread.number(part(asked, 0.5), 2), Spread.number(part(asked, 0.99), 2));
        idle.append('\n');
    }

    void waiters(int count, long bytesEach, int moreThreads, double statements, double busy) {
        idle.append(
                ("%,d connections that wait by `Prefer: wait` in one process: %,d bytes each, heap and direct memory of socket"
                                + " and request; %d threads more; %.1f statements a second of all together, with what the process asks"
                                + " anyway; %.1f %% of a core.\n\n")
                        .formatted(count, bytesEach, moreThreads, statements, busy * 100));
    }

    private static double part(List<Double> values, double part) {
        return values.stream().sorted().toList().get((int) (values.size() * part));
    }

    String text() {
        StringBuilder text = new StringBuilder(head);
        rates(text);
        pgbench.forEach(text::append);
        text.append('\n').append(idle);
        costs(text);
        profiles(text);
        return text.toString();
    }

    private void rates(StringBuilder text) {
        text.append(
                "| what | against | per second | Darkroom reaches | median ms | 99 % ms |\n|---|---|--:|--:|--:|--:|\n");
        for (Comparison comparison : comparisons) {
            Side first = comparison.sides().get(0);
            for (Side side : comparison.sides()) {
                row(
                        text,
                        comparison.title(),
                        side.name(),
                        comparison.rate(side).text(0),
                        side == first ? "" : comparison.ratio(side).text(2),
                        latency(comparison, side, 0.5),
                        latency(comparison, side, 0.99));
            }
        }
        text.append('\n');
    }

    private static String latency(Comparison comparison, Side side, double part) {
        return Spread.number(
                comparison
                        .of(side, measured -> measured.round().latencyMs(part))
                        .median(),
                2);
    }

    private void costs(StringBuilder text) {
        text.append(
                "What one request costs (medians). Processor time in µs, of the server, of PostgreSQL, and of what makes the"
                        + " load:\n\n");
        text.append(
                "| what | against | allocated kB | server | PostgreSQL | load | statements | executing µs | WAL bytes |\n");
        text.append("|---|---|--:|--:|--:|--:|--:|--:|--:|\n");
        for (Comparison comparison : comparisons) {
            for (Side side : comparison.sides()) {
                row(
                        text,
                        comparison.title(),
                        side.name(),
                        side.process() == null ? "" : cost(comparison.of(side, m -> m.allocatedBytes() / 1024), 1),
                        side.process() == null ? "" : cost(comparison.of(side, Measured::processCpu), 0),
                        cost(comparison.of(side, Measured::databaseCpu), 0),
                        cost(comparison.of(side, Measured::loadCpu), 0),
                        cost(comparison.of(side, Measured::statements), 2),
                        cost(comparison.of(side, m -> m.statementMs() * 1000), 0),
                        cost(comparison.of(side, Measured::walBytes), 0));
            }
        }
        text.append('\n');
    }

    private static String cost(Spread spread, int decimals) {
        return Spread.number(spread.median(), decimals);
    }

    private void profiles(StringBuilder text) {
        text.append("Where the threads of the service are, percent of samples");
        profiles.forEach(
                (name, profile) -> text.append("; ").append(name).append(": ").append(profile.samples()));
        text.append(".\n\n| part |");
        profiles.keySet().forEach(name -> text.append(' ').append(name).append(" |"));
        text.append("\n|---|").append("--:|".repeat(profiles.size())).append('\n');
        TreeSet<String> parts = new TreeSet<>();
        profiles.values().forEach(profile -> parts.addAll(profile.parts()));
        for (String part : parts) {
            List<String> cells = new ArrayList<>(List.of(part));
            profiles.values().forEach(profile -> cells.add(Spread.number(profile.percent(part), 1)));
            row(text, cells.toArray(String[]::new));
        }
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}

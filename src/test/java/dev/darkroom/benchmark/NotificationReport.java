package dev.darkroom.benchmark;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The figures of {@link NotificationBenchmark} as Markdown. */
final class NotificationReport {
    private final StringBuilder text = new StringBuilder();
    private final Map<String, List<IdleStreamBenchmark.MemoryPerStream>> memory = new LinkedHashMap<>();
    private final StringBuilder speeds = new StringBuilder();
    private final StringBuilder fanOuts = new StringBuilder();
    private final StringBuilder returns = new StringBuilder();
    private final int streams;

    NotificationReport(String machine, int streams, int users, int aSecond, int rounds) {
        this.streams = streams;
        text.append(
                ("Measured on %s: %,d streams of %,d users; events at %d a second; medians of %d rounds, in brackets the best"
                                + " and the worst.%n%nMachine: %s.%n%n")
                        .formatted(LocalDate.now(ZoneOffset.UTC), streams, users, aSecond, rounds, machine));
    }

    void memory(String who, IdleStreamBenchmark.MemoryPerStream memoryPerStream) {
        memory.computeIfAbsent(who, key -> new ArrayList<>()).add(memoryPerStream);
        System.out.println(who + ": " + memoryPerStream);
    }

    void addLatency(String who, String path, List<LatencyQuantiles> rounds) {
        row(speeds, who, path, spread(rounds, LatencyQuantiles::median), spread(rounds, LatencyQuantiles::p99));
    }

    void addFanOut(String who, String what, List<LatencyQuantiles> events) {
        row(fanOuts, who, what, spread(events, LatencyQuantiles::median), spread(events, LatencyQuantiles::longest));
    }

    void addReplay(int missed, LatencyQuantiles took) {
        row(
                returns,
                "replay of %,d missed, one user".formatted(missed),
                "%.0f ms, 99 %%: %.0f ms, %d times".formatted(took.median(), took.p99(), took.count()));
    }

    void addStorm(String how, List<ReconnectBenchmark.StormResult> storms) {
        row(
                returns,
                "%,d come back %s".formatted(streams, how),
                ("%s s until all are live; 99 %% have their first frame after %s ms; %s statements; seconds of processors: %s of"
                                + " the service, %s of PostgreSQL")
                        .formatted(
                                of(storms, ReconnectBenchmark.StormResult::seconds, 1),
                                of(
                                        storms,
                                        stormResult -> stormResult.firstFrame().p99(),
                                        0),
                                of(storms, ReconnectBenchmark.StormResult::statements, 0),
                                of(storms, ReconnectBenchmark.StormResult::cpu, 1),
                                of(storms, ReconnectBenchmark.StormResult::databaseCpu, 1)));
    }

    String text() {
        text.append("| idle streams of | kB resident each | kB live each |\n|---|--:|--:|\n");
        memory.forEach((who, each) -> row(
                text,
                who,
                of(each, one -> one.resident() / 1000, 1),
                each.get(0).live() == 0 ? "" : of(each, one -> one.live() / 1000, 1)));
        text.append("\n| one event to its user's client | way | median ms | 99 % ms |\n|---|---|--:|--:|\n")
                .append(speeds);
        text.append("\n| one event to very many | | median ms | last ms |\n|---|---|--:|--:|\n")
                .append(fanOuts);
        text.append("\n| who was away | |\n|---|---|\n").append(returns);
        return text.toString();
    }

    private static String spread(List<LatencyQuantiles> rounds, ToDoubleFunction<LatencyQuantiles> figure) {
        return of(rounds, figure, 1);
    }

    private static <T> String of(List<T> rounds, ToDoubleFunction<T> figure, int decimals) {
        return MedianWithRange.of(rounds.stream().mapToDouble(figure).boxed().toList())
                .format(decimals);
    }

    private static void row(StringBuilder text, String... cells) {
        String row = "| " + String.join(" | ", cells) + " |";
        // It takes a while, and somebody may be watching.
        System.out.println(row);
        text.append(row).append('\n');
    }
}

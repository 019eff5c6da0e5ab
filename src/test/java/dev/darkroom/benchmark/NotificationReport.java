package dev.darkroom.benchmark;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Renders the figures of {@link NotificationBenchmark} as Markdown. */
final class NotificationReport {
    private final StringBuilder text = new StringBuilder();
    private final Map<String, List<IdleStreamBenchmark.MemoryPerStream>> memory = new LinkedHashMap<>();
    private final StringBuilder latencies = new StringBuilder();
    private final StringBuilder fanOuts = new StringBuilder();
    private final StringBuilder reconnects = new StringBuilder();
    private final int streams;

    NotificationReport(String machine, int streams, int users, int eventsPerSecond, int rounds) {
        this.streams = streams;
        text.append(
                ("Measured on %s: %,d streams of %,d users; events at %d a second; medians of %d rounds, in brackets the best"
                                + " and the worst.%n%nMachine: %s.%n%n")
                        .formatted(LocalDate.now(ZoneOffset.UTC), streams, users, eventsPerSecond, rounds, machine));
    }

    void addMemory(String system, IdleStreamBenchmark.MemoryPerStream memoryPerStream) {
        memory.computeIfAbsent(system, key -> new ArrayList<>()).add(memoryPerStream);
        System.out.println(system + ": " + memoryPerStream);
    }

    void addLatency(String system, String path, List<LatencyQuantiles> rounds) {
        row(latencies, system, path, spread(rounds, LatencyQuantiles::median), spread(rounds, LatencyQuantiles::p99));
    }

    void addFanOut(String system, String receivers, List<LatencyQuantiles> events) {
        row(
                fanOuts,
                system,
                receivers,
                spread(events, LatencyQuantiles::median),
                spread(events, LatencyQuantiles::maximum));
    }

    void addReplay(int missed, LatencyQuantiles latency) {
        row(
                reconnects,
                "replay of %,d missed events of one user".formatted(missed),
                "%.0f ms, 99 %%: %.0f ms, %d times".formatted(latency.median(), latency.p99(), latency.count()));
    }

    void addStorm(String pace, List<ReconnectBenchmark.StormResult> storms) {
        row(
                reconnects,
                "%,d reconnect %s".formatted(streams, pace),
                ("%s s until all are connected; 99 %% have their first event after %s ms; %s statements; CPU seconds: %s of"
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

    String render() {
        text.append("| idle streams of | kB resident each | kB live each |\n|---|--:|--:|\n");
        memory.forEach((system, rounds) -> row(
                text,
                system,
                of(rounds, round -> round.resident() / 1000, 1),
                rounds.get(0).live() == 0 ? "" : of(rounds, round -> round.live() / 1000, 1)));
        text.append("\n| one event to its user's client | path | median ms | 99 % ms |\n|---|---|--:|--:|\n")
                .append(latencies);
        text.append("\n| one event to many receivers | | median ms | last ms |\n|---|---|--:|--:|\n")
                .append(fanOuts);
        text.append("\n| reconnect | |\n|---|---|\n").append(reconnects);
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
        // Shows the progress.
        System.out.println(row);
        text.append(row).append('\n');
    }
}

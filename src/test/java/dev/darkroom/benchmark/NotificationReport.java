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
    private final Map<String, List<IdleStreams.Each>> memory = new LinkedHashMap<>();
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

    void memory(String who, IdleStreams.Each each) {
        memory.computeIfAbsent(who, key -> new ArrayList<>()).add(each);
    }

    void speed(String who, String path, List<Quantiles> rounds) {
        row(speeds, who, path, spread(rounds, Quantiles::median), spread(rounds, Quantiles::p99));
    }

    void fanOut(String who, String what, List<Quantiles> events) {
        row(fanOuts, who, what, spread(events, Quantiles::median), spread(events, Quantiles::longest));
    }

    void replay(int missed, Quantiles took) {
        row(
                returns,
                "replay of %,d missed, one user".formatted(missed),
                "%.0f ms, 99 %%: %.0f ms, %d times".formatted(took.median(), took.p99(), took.count()));
    }

    void storm(String how, List<Returning.Storm> storms) {
        row(
                returns,
                "%,d come back %s".formatted(streams, how),
                ("%s s until all are live; 99 %% have their first frame after %s ms; %s statements; seconds of processors: %s of"
                                + " the service, %s of PostgreSQL")
                        .formatted(
                                of(storms, Returning.Storm::seconds, 1),
                                of(storms, storm -> storm.firstFrame().p99(), 0),
                                of(storms, Returning.Storm::statements, 0),
                                of(storms, Returning.Storm::cpu, 1),
                                of(storms, Returning.Storm::databaseCpu, 1)));
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

    private static String spread(List<Quantiles> rounds, ToDoubleFunction<Quantiles> figure) {
        return of(rounds, figure, 1);
    }

    private static <T> String of(List<T> rounds, ToDoubleFunction<T> figure, int decimals) {
        return Spread.of(rounds.stream().mapToDouble(figure).boxed().toList()).text(decimals);
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
}

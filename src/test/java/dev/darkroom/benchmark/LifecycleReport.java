package dev.darkroom.benchmark;

import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Renders the figures of {@link LifecycleBenchmark} as Markdown. */
final class LifecycleReport {
    private static final String DARKROOM = "Darkroom";

    private final int concurrency;
    private final int rounds;
    private final int jobs;
    private final Map<Integer, Map<String, List<LifecycleRound>>> lifecycles = new LinkedHashMap<>();
    private final List<Double> empty = new ArrayList<>();
    private final List<Double> full = new ArrayList<>();
    private String machine;
    private double idle;

    /**
     * Figures of one contender in one round.
     *
     * @param rate jobs per second
     * @param statements per job
     * @param walBytes per job
     * @param databaseCpu CPU time of PostgreSQL per job in microseconds
     * @param cpu CPU time of the contender per job in microseconds
     */
    record LifecycleRound(double rate, double statements, double walBytes, double databaseCpu, double cpu) {}

    LifecycleReport(int concurrency, int rounds, int jobs) {
        this.concurrency = concurrency;
        this.rounds = rounds;
        this.jobs = jobs;
    }

    void setMachine(String description) {
        machine = description;
    }

    void setIdleStatementRate(double statementsPerSecond) {
        idle = statementsPerSecond;
    }

    void addRound(String contender, int processes, LifecycleRound lifecycleRound) {
        lifecycles
                .computeIfAbsent(processes, p -> new LinkedHashMap<>())
                .computeIfAbsent(contender, c -> new ArrayList<>())
                .add(lifecycleRound);
        System.out.printf("%d x %s: %s%n", processes, contender, lifecycleRound);
    }

    void addClaimRates(double perSecondEmpty, double perSecondFull) {
        empty.add(perSecondEmpty);
        full.add(perSecondFull);
    }

    String render() {
        StringBuilder text = new StringBuilder();
        text.append(
                "Measured on %s: %d rounds of %,d jobs, %d concurrent calls in each process. Medians; in brackets the worst and the best round.%n%n"
                        .formatted(LocalDate.now(Clock.systemDefaultZone()), rounds, jobs, concurrency));
        text.append("Machine: ").append(machine).append("\n\n");
        text.append(
                "| processes | system | lifecycles a second | Darkroom reaches | statements | WAL bytes | PostgreSQL µs | own µs |\n");
        text.append("|--:|---|--:|--:|--:|--:|--:|--:|\n");
        lifecycles.forEach((processes, contenders) -> contenders.forEach((name, measured) -> {
            List<Double> ratios = new ArrayList<>();
            for (int i = 0; i < measured.size(); i++) {
                ratios.add(
                        contenders.get(DARKROOM).get(i).rate() / measured.get(i).rate());
            }
            text.append("| %d | %s | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            processes,
                            name,
                            medianOf(measured, LifecycleRound::rate).format(0),
                            name.equals(DARKROOM)
                                    ? ""
                                    : MedianWithRange.of(ratios).format(2),
                            MedianWithRange.formatNumber(
                                    medianOf(measured, LifecycleRound::statements)
                                            .median(),
                                    2),
                            MedianWithRange.formatNumber(
                                    medianOf(measured, LifecycleRound::walBytes).median(), 0),
                            MedianWithRange.formatNumber(
                                    medianOf(measured, LifecycleRound::databaseCpu)
                                            .median(),
                                    0),
                            MedianWithRange.formatNumber(
                                    medianOf(measured, LifecycleRound::cpu).median(), 0)));
        }));
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < full.size(); i++) {
            ratios.add(full.get(i) / empty.get(i));
        }
        text.append("\n| sequential claims of 16 from | generations a second | ratio |\n|---|--:|--:|\n");
        text.append("| tables with the claimed generations only | %s | |%n"
                .formatted(MedianWithRange.of(empty).format(0)));
        text.append("| 100,000 waiting of 1,000 users, 1,000,000 finished | %s | %s |%n"
                .formatted(
                        MedianWithRange.of(full).format(0),
                        MedianWithRange.of(ratios).format(2)));
        text.append("%nOne idle process: %s statements a second.%n".formatted(MedianWithRange.formatNumber(idle, 2)));
        return text.toString();
    }

    private static MedianWithRange medianOf(List<LifecycleRound> measured, ToDoubleFunction<LifecycleRound> figure) {
        return MedianWithRange.of(measured.stream().mapToDouble(figure).boxed().toList());
    }
}

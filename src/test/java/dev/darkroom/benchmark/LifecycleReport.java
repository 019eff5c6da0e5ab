package dev.darkroom.benchmark;

import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Renders the figures of {@link LifecycleBenchmark} as Markdown. */
final class LifecycleReport implements BenchmarkReport {
    private final int concurrency;
    private final BenchmarkOptions options;
    private final Map<JobQueueContender, List<LifecycleRound>> lifecycles = new LinkedHashMap<>();
    private final List<Double> empty = new ArrayList<>();
    private final List<Double> full = new ArrayList<>();
    private String machine;
    private double idle;

    /**
     * Figures of one contender in one round.
     *
     * @param drained jobs per second from a full queue
     * @param served jobs per second accepted over HTTP, up to the last end
     * @param statements per job of the full queue, as the following costs
     * @param walBytes per job
     * @param databaseCpu CPU time of PostgreSQL per job in microseconds
     * @param cpu CPU time of the contender per job in microseconds
     */
    record LifecycleRound(
            double drained, double served, double statements, double walBytes, double databaseCpu, double cpu) {}

    LifecycleReport(int concurrency, BenchmarkOptions options) {
        this.concurrency = concurrency;
        this.options = options;
    }

    void setMachine(String description) {
        machine = description;
    }

    void setIdleStatementRate(double statementsPerSecond) {
        idle = statementsPerSecond;
    }

    /** Adds a round of a contender, Darkroom first. */
    void addRound(JobQueueContender contender, LifecycleRound round) {
        lifecycles.computeIfAbsent(contender, c -> new ArrayList<>()).add(round);
        System.err.printf("lifecycles, %s: %s%n", contender.name(), round);
    }

    void addClaimRates(double perSecondEmpty, double perSecondFull) {
        empty.add(perSecondEmpty);
        full.add(perSecondFull);
    }

    @Override
    public String renderRatios() {
        StringBuilder text = new StringBuilder(
                "| lifecycles, compared with | from a full queue | accepted over HTTP |\n|---|--:|--:|\n");
        lifecycles.keySet().forEach(contender -> {
            if (contender.role() != SystemRole.DARKROOM) {
                text.append("| %s | %s | %s |%n"
                        .formatted(
                                contender.name(),
                                ratiosTo(contender, LifecycleRound::drained).format(2),
                                ratiosTo(contender, LifecycleRound::served).format(2)));
            }
        });
        return text.toString();
    }

    @Override
    public String render() {
        StringBuilder text = new StringBuilder();
        text.append(
                "Measured on %s: %d rounds of %,d jobs from a full queue, and of %d s of requests, %d concurrent AI calls. Medians; in brackets the lowest and the highest round.%n%n"
                        .formatted(
                                LocalDate.now(Clock.systemDefaultZone()),
                                options.rounds(),
                                options.jobs(),
                                options.roundDuration().toSeconds(),
                                concurrency));
        text.append("Machine: ").append(machine).append("\n\n");
        text.append(
                "| system | kind | from a full queue, per second | Darkroom reaches | accepted over HTTP, per second | Darkroom reaches | statements | WAL bytes | PostgreSQL µs | own µs |\n");
        text.append("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        lifecycles.forEach((contender, measured) -> {
            boolean self = contender.role() == SystemRole.DARKROOM;
            text.append("| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            contender.name(),
                            self ? "" : contender.role().label(),
                            medianOf(measured, LifecycleRound::drained).format(0),
                            self
                                    ? ""
                                    : ratiosTo(contender, LifecycleRound::drained)
                                            .format(2),
                            medianOf(measured, LifecycleRound::served).format(0),
                            self
                                    ? ""
                                    : ratiosTo(contender, LifecycleRound::served)
                                            .format(2),
                            cost(measured, LifecycleRound::statements, 2),
                            cost(measured, LifecycleRound::walBytes, 0),
                            cost(measured, LifecycleRound::databaseCpu, 0),
                            cost(measured, LifecycleRound::cpu, 0)));
        });
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

    @Override
    public List<BarChart> charts() {
        return List.of(new BarChart(
                "lifecycles",
                "Lifecycles per second of Darkroom and its peers",
                "lifecycles per second",
                ApiBenchmarkReport.LEGEND,
                List.of(
                        panel("From a full queue", LifecycleRound::drained),
                        panel("Accepted over HTTP", LifecycleRound::served))));
    }

    private BarChart.Panel panel(String title, ToDoubleFunction<LifecycleRound> rate) {
        List<BarChart.Bar> bars = new ArrayList<>();
        lifecycles.forEach((contender, measured) -> bars.add(new BarChart.Bar(
                contender.name(),
                contender.role(),
                medianOf(measured, rate),
                contender.role() == SystemRole.DARKROOM
                        ? ""
                        : MedianWithRange.formatNumber(ratiosTo(contender, rate).median(), 2) + " ×")));
        return new BarChart.Panel(title, bars);
    }

    /** Returns the rate of Darkroom divided by the rate of a contender in the same round. */
    private MedianWithRange ratiosTo(JobQueueContender contender, ToDoubleFunction<LifecycleRound> rate) {
        List<LifecycleRound> darkroom = lifecycles.values().iterator().next();
        List<LifecycleRound> other = lifecycles.get(contender);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < other.size(); i++) {
            ratios.add(rate.applyAsDouble(darkroom.get(i)) / rate.applyAsDouble(other.get(i)));
        }
        return MedianWithRange.of(ratios);
    }

    private static String cost(List<LifecycleRound> measured, ToDoubleFunction<LifecycleRound> figure, int decimals) {
        return MedianWithRange.formatNumber(medianOf(measured, figure).median(), decimals);
    }

    private static MedianWithRange medianOf(List<LifecycleRound> measured, ToDoubleFunction<LifecycleRound> figure) {
        return MedianWithRange.of(measured.stream().mapToDouble(figure).boxed().toList());
    }
}

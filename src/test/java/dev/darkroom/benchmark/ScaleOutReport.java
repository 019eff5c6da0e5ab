package dev.darkroom.benchmark;

import java.time.Clock;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** Renders the figures of {@link ScaleOutBenchmark} as Markdown. */
final class ScaleOutReport implements BenchmarkReport {
    private static final int[] EXTRAPOLATED = {16, 32};

    private final BenchmarkOptions options;
    private final String machine;
    private final int cores = Runtime.getRuntime().availableProcessors();
    private final List<ScaleOutMeasurement> scale = new ArrayList<>();
    private final List<ScaleOutMeasurement> variants = new ArrayList<>();
    private TableSizes sizes;

    ScaleOutReport(BenchmarkOptions options, String machine) {
        this.options = options;
        this.machine = machine;
    }

    void addScale(ScaleOutMeasurement measurement) {
        scale.add(measurement);
        System.err.println(measurement);
    }

    /** Adds a measurement with as many calls in total as the largest number of processes with the default number. */
    void addVariant(ScaleOutMeasurement measurement) {
        variants.add(measurement);
        System.err.println(measurement);
    }

    void setSizes(TableSizes tableSizes) {
        sizes = tableSizes;
    }

    /** Returns the measurement of the most processes with the default number of calls. */
    private ScaleOutMeasurement reference() {
        return scale.stream()
                .filter(each -> each.calls() == ScaleOutBenchmark.CALLS)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    @Override
    public String renderRatios() {
        StringBuilder text = new StringBuilder("| processes | completed per second | per process |\n|---|--:|--:|\n");
        for (ScaleOutMeasurement each : scale) {
            text.append("| %s | %s | %s |%n"
                    .formatted(
                            each.label(),
                            each.rate().format(0),
                            number(each.rate().median() / each.processes(), 0)));
        }
        return text.toString();
    }

    @Override
    public String render() {
        StringBuilder text = new StringBuilder(
                "Measured on %s: %d rounds of %d s after a warm-up of %d s. Medians; in brackets the lowest and the highest round. Costs of one generation.%n%n"
                        .formatted(
                                LocalDate.now(Clock.systemDefaultZone()),
                                options.rounds(),
                                options.roundDuration().toSeconds(),
                                ScaleOutBenchmark.warmUp(options).toSeconds()));
        text.append("Machine: ").append(machine).append("\n\n");
        renderScale(text);
        renderDatabase(text);
        renderSizes(text);
        renderParameters(text);
        return text.toString();
    }

    private void renderScale(StringBuilder text) {
        text.append(
                "| processes of 100 calls | completed per second | of calls / latency | own µs | PostgreSQL µs | load and AI server µs | used cores | rejected |\n|---|--:|--:|--:|--:|--:|--:|--:|\n");
        for (ScaleOutMeasurement each : scale) {
            double possible = each.processes() * each.calls() * 1e3 / ScaleOutBenchmark.LATENCY.toMillis();
            text.append("| %s | %s | %s | %s | %s | %s | %s of %d | %d |%n"
                    .formatted(
                            each.label(),
                            each.rate().format(0),
                            number(each.rate().median() / possible, 2),
                            number(each.ownMicros(), 0),
                            number(each.databaseMicros(), 0),
                            number(each.otherMicros(), 0),
                            number(each.usedCores(), 2),
                            cores,
                            each.rejected()));
        }
        ScaleOutMeasurement reference = reference();
        for (int processes : EXTRAPOLATED) {
            text.append("| %d processes, extrapolated | %s | | | | | | |%n"
                    .formatted(processes, number(extrapolate(processes), 0)));
        }
        text.append(
                "%nExtrapolation: min(processes × 100 calls / 1 s, %d cores / (own + PostgreSQL µs of %s)), without load generator and AI server. %s processes use up the cores.%n%n"
                        .formatted(
                                cores,
                                reference.label(),
                                number(reference.processesAtLimit(cores, ScaleOutBenchmark.LATENCY), 1)));
    }

    private double extrapolate(int processes) {
        return reference().extrapolateRate(processes, cores, ScaleOutBenchmark.LATENCY);
    }

    private void renderDatabase(StringBuilder text) {
        text.append(
                "| as many calls in total | completed per second | statements | commits | WAL syncs | WAL bytes | PostgreSQL µs | limit per core of PostgreSQL, calculated |\n|---|--:|--:|--:|--:|--:|--:|--:|\n");
        for (ScaleOutMeasurement each : compared()) {
            text.append("| %s | %s | %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                            each.label(),
                            each.rate().format(0),
                            number(each.statements(), 2),
                            number(each.commits(), 2),
                            number(each.walSyncs(), 3),
                            number(each.walBytes(), 0),
                            number(each.databaseMicros(), 0),
                            number(each.ratePerDatabaseCore(), 0)));
        }
        text.append("\nWith `synchronous_commit = off`, a crash of PostgreSQL loses the last commits.\n");
    }

    private List<ScaleOutMeasurement> compared() {
        return Stream.concat(Stream.of(reference()), variants.stream()).toList();
    }

    private void renderSizes(StringBuilder text) {
        text.append(
                "\n| after %,d ended generations | rows each | bytes in the table | bytes in indexes |\n|---|--:|--:|--:|\n"
                        .formatted(sizes.generations()));
        for (TableSizes.TableSize size : sizes.tables()) {
            text.append("| `%s` | %s | %s | %s |%n"
                    .formatted(
                            size.table(),
                            number(size.rows() / (double) sizes.generations(), 2),
                            number(size.tableBytes() / (double) sizes.generations(), 0),
                            number(size.indexBytes() / (double) sizes.generations(), 0)));
        }
        text.append("| all | %s | %s with indexes | |%n"
                .formatted(number(sizes.rowsPerGeneration(), 2), number(sizes.bytesPerGeneration(), 0)));
        text.append("%nThe empty queue has %s MB.%n".formatted(number(sizes.queueBytes() / 1e6, 1)));
    }

    /** Appends the parameters of the capacity model, which {@code docs/models/capacity_model.py} copies. */
    private void renderParameters(StringBuilder text) {
        ScaleOutMeasurement reference = reference();
        text.append("\n| of %s, for the [capacity model](capacity.md#parameters) | value |\n|---|--:|\n"
                .formatted(reference.label()));
        Map<String, Double> parameters = new LinkedHashMap<>();
        parameters.put("own_us", reference.ownMicros());
        parameters.put("database_us", reference.databaseMicros());
        parameters.put("statements", reference.statements());
        parameters.put("syncs", reference.walSyncs());
        parameters.put("wal_bytes", reference.walBytes());
        parameters.put("rows", sizes.rowsPerGeneration());
        parameters.put("row_bytes", sizes.bytesPerGeneration());
        parameters.forEach((name, value) -> text.append(
                "| `%s` | %s |%n".formatted(name, String.format(Locale.ROOT, value < 100 ? "%.2f" : "%.0f", value))));
    }

    @Override
    public List<BarChart> charts() {
        List<BarChart.Bar> rates = new ArrayList<>();
        for (ScaleOutMeasurement each : scale) {
            rates.add(new BarChart.Bar(
                    each.label(), SystemRole.DARKROOM, each.rate(), number(each.usedCores(), 1) + " cores"));
        }
        for (int processes : EXTRAPOLATED) {
            rates.add(calculated(processes + " processes", extrapolate(processes)));
        }
        List<BarChart.Bar> limits = compared().stream()
                .map(each -> calculated(each.label(), each.ratePerDatabaseCore()))
                .toList();
        return List.of(
                new BarChart(
                        "scale-out",
                        "Completed generations per second by number of processes",
                        "generations per second",
                        "used cores beside it",
                        List.of(new BarChart.Panel("Processes with 100 calls of 1 s", rates))),
                new BarChart(
                        "database-limit",
                        "Generations per second that one core of PostgreSQL completes",
                        "generations per second",
                        "from its CPU time per generation",
                        List.of(new BarChart.Panel("One core of PostgreSQL", limits))));
    }

    private static BarChart.Bar calculated(String label, double rate) {
        return new BarChart.Bar(label, SystemRole.CALCULATION, new MedianWithRange(rate, rate, rate), "");
    }

    private static String number(double value, int decimals) {
        return MedianWithRange.formatNumber(value, decimals);
    }
}

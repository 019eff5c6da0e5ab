package dev.darkroom.benchmark;

import dev.darkroom.config.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Inserts the smallest row with {@code pgbench}, one per transaction: the commits per second of the machine. Blocking. */
final class PgBenchLoad {
    /** Creates a table with one column and no index. */
    static final String TABLE = "CREATE TABLE benchmark_smallest (n int); GRANT ALL ON benchmark_smallest TO darkroom";

    private static final String SCRIPT = "INSERT INTO benchmark_smallest VALUES (1);\n";

    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+)");

    /** Column of the latency in a line of the log, in microseconds. */
    private static final int LATENCY = 2;

    private final Path directory;
    private final DatabaseUrl url;

    PgBenchLoad(Path directory, DatabaseUrl url) {
        this.directory = directory;
        this.url = url;
    }

    /** Returns whether {@code pgbench} is on the path. */
    static boolean isInstalled() {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(each -> Files.isExecutable(Path.of(each, "pgbench")));
    }

    LoadResult run(int clients, Duration time) throws IOException, InterruptedException {
        Path script = Files.writeString(directory.resolve("smallest.sql"), SCRIPT);
        deleteLogs();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        "pgbench",
                        "--no-vacuum",
                        "--protocol=prepared",
                        "--client=" + clients,
                        "--jobs=" + Math.min(clients, Runtime.getRuntime().availableProcessors()),
                        "--time=" + time.toSeconds(),
                        "--file=" + script,
                        "--log",
                        "--log-prefix=" + directory.resolve("smallest"),
                        "--host=" + url.host(),
                        "--port=" + url.port(),
                        "--username=" + url.user(),
                        url.database()))
                .redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", url.password().value());
        LoadResult.Latencies latencies = new LoadResult.Latencies();
        long start = System.nanoTime();
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher rate = RATE.matcher(output);
        if (process.waitFor() != 0 || !rate.find()) {
            throw new IllegalStateException("pgbench: " + output);
        }
        for (Path log : logs()) {
            for (String line : Files.readAllLines(log)) {
                latencies.add(Long.parseLong(line.split(" ")[LATENCY]) * 1_000);
            }
        }
        long[] sorted = LoadResult.of(start, List.of(latencies)).latencies();
        return new LoadResult(sorted.length / Double.parseDouble(rate.group(1)), sorted);
    }

    private void deleteLogs() throws IOException {
        for (Path log : logs()) {
            Files.delete(log);
        }
    }

    private List<Path> logs() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("smallest\\.\\d+(\\.\\d+)?"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

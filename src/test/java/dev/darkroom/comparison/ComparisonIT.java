package dev.darkroom.comparison;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.GeneratedDocumentSection;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counts the submissions that one call of a client of OpenAI causes at the AI server, without a gateway and through gateways. Generates
 * the table of {@code docs/comparison.md}.
 */
@Tag("comparison")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class ComparisonIT {
    private static final GeneratedDocumentSection TABLE = new GeneratedDocumentSection(
            "docs/comparison.md", "comparison", "a run of ComparisonIT", "./mvnw verify -Pcomparison");
    private static final Duration LIMIT = Duration.ofMinutes(30);
    /** Most of them wait, twenty of them for ten minutes. */
    private static final int CONCURRENT_RUNS = 32;

    @TempDir
    Path directory;

    private InProcessSimulator simulator;
    private Gateways gateways;

    @Test
    void countsSubmissions() throws Exception {
        // given
        OpenAiSdk.install();
        List<Run> runs = createRuns();
        try (InProcessSimulator started = new InProcessSimulator(Duration.ofMillis(5))) {
            simulator = started;
            simulator.script(runs.stream()
                    .filter(run -> run.fault().step() != null)
                    .map(run -> run.fault().step().copy().put("apiKey", run.apiKey()))
                    .toArray(JsonObject[]::new));
            try (Gateways opened = Gateways.start(directory, simulator, runs)) {
                gateways = opened;

                // when
                Map<Run, String> results = callAll(runs);
                RunRecords records = new RunRecords(gateways.darkroom());
                records.awaitEnd(LIMIT);

                // then
                ComparisonTable table = new ComparisonTable();
                List<JsonObject> submissions = simulator.recordedRequests();
                for (Run run : runs) {
                    long count = submissions.stream()
                            .filter(submission -> isOf(run, submission))
                            .count();
                    table.add(run, count, results.get(run), records.hasImage(run));
                }
                assertThat(submissions).allMatch(submission -> runs.stream().anyMatch(run -> isOf(run, submission)));
                TABLE.assertContent(table.render());
            }
        }
    }

    private static List<Run> createRuns() {
        List<Run> runs = new ArrayList<>();
        int number = 100;
        for (UpstreamFault fault : UpstreamFault.values()) {
            for (Route route : Route.values()) {
                for (OpenAiSdk sdk : OpenAiSdk.values()) {
                    runs.add(new Run(number++, route, sdk, fault));
                }
            }
        }
        return runs;
    }

    private static boolean isOf(Run run, JsonObject submission) {
        return submission.encode().contains(run.prompt());
    }

    private Map<Run, String> callAll(List<Run> runs) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(CONCURRENT_RUNS);
        try {
            Map<Run, Future<String>> calls = new LinkedHashMap<>();
            runs.stream()
                    .sorted(Comparator.comparing(run -> !run.fault().lastsLong()))
                    .forEach(run -> calls.put(run, executor.submit(() -> call(run))));
            Map<Run, String> results = new LinkedHashMap<>();
            for (Run run : runs) {
                results.put(run, calls.get(run).get());
            }
            return results;
        } finally {
            executor.shutdownNow();
        }
    }

    private String call(Run run) throws Exception {
        URI api = gateways.api(run);
        Duration timeout = run.route() == Route.DIRECT
                ? run.fault().directTimeout()
                : run.fault().clientTimeout();
        try (TcpProxy proxy = new TcpProxy(api.getHost(), api.getPort())) {
            URI address = URI.create("http://127.0.0.1:" + proxy.port() + api.getPath());
            if (run.fault().cutsClient()) {
                Thread cutter = new Thread(() -> cutAfterSubmission(run, proxy));
                cutter.setDaemon(true);
                cutter.start();
            }
            long start = System.nanoTime();
            String result = run.sdk().call(address, gateways.apiKey(run), run.model(), run.prompt(), timeout);
            System.out.printf(
                    "%s, %s, %s: %s after %d s%n",
                    run.fault(),
                    run.route(),
                    run.sdk(),
                    result,
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
            return result;
        }
    }

    private void cutAfterSubmission(Run run, TcpProxy proxy) {
        await().atMost(LIMIT)
                .until(() -> simulator.recordedRequests().stream().anyMatch(submission -> isOf(run, submission)));
        proxy.closeConnections();
    }
}

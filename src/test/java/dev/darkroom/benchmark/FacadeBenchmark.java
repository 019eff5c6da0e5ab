package dev.darkroom.benchmark;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Compares calls of the OpenAI API with native calls that wait for the end of the same generation. */
final class FacadeBenchmark {
    private static final Path DIRECTORY = Path.of("target", "facade-benchmark").toAbsolutePath();
    private static final String PROMPT = PromptWorkload.typical().request().prompt();

    private FacadeBenchmark() {}

    static void run(BenchmarkOptions options) throws Exception {
        new BenchmarkRun("facade", DIRECTORY).run(options, (database, aiServer) -> {
            String machine = MachineDescription.describe(
                    DIRECTORY, database.query("SHOW server_version").get(0));
            InterleavedComparisonReport table =
                    new InterleavedComparisonReport(machine, ApiBenchmark.CONNECTIONS, options);
            try (JavaProcess service = DarkroomProcess.start(
                    DIRECTORY.resolve("service"),
                    database,
                    aiServer,
                    Map.of("DARKROOM_WORKER_CONCURRENCY", String.valueOf(2 * ApiBenchmark.CONNECTIONS)))) {
                ComparedSystem waiting = systemOf("`POST /api/generation`, `Prefer: wait`", service, nativeRequest());
                for (String format : List.of("url", "b64_json")) {
                    table.add(InterleavedComparison.run(
                            "`" + format + "`",
                            List.of(systemOf("`POST /v1/images/generations`", service, facadeRequest(format)), waiting),
                            options,
                            database,
                            () -> database.truncate(ApiBenchmarkDatabase.TABLES)));
                }
            }
            return table;
        });
    }

    private static ComparedSystem systemOf(String name, JavaProcess service, byte[] request) {
        ClosedLoopHttpLoad load = new ClosedLoopHttpLoad(DarkroomProcess.portOf(service), List.of(request), 200);
        return new ComparedSystem(
                name, SystemRole.DARKROOM, service, duration -> load.run(ApiBenchmark.CONNECTIONS, duration));
    }

    private static byte[] facadeRequest(String format) {
        return ClosedLoopHttpLoad.post(
                "/v1/images/generations",
                new JsonObject()
                        .put("prompt", PROMPT)
                        .put("response_format", format)
                        .encode());
    }

    private static byte[] nativeRequest() {
        String request = new String(
                ClosedLoopHttpLoad.post(
                        ApiBenchmark.GENERATION,
                        new JsonObject().put("prompt", PROMPT).encode()),
                StandardCharsets.UTF_8);
        return request.replaceFirst("\r\n", "\r\nPrefer: wait=30\r\n").getBytes(StandardCharsets.UTF_8);
    }
}

package dev.darkroom.benchmark;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.generation.GenerationRequest;
import io.vertx.core.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs the inserts of {@link DatabaseInsertLoad} with {@code pgbench}, when it is on the path, as an independent check. */
final class PgBenchRunner {
    private static final String SCRIPT =
            "INSERT INTO benchmark_generations (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)"
                    + " VALUES (uuidv7(), 'local', :prompt, :negative, 1024, 768, 1, 42, NULL, :metadata);\n";
    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+)");

    private PgBenchRunner() {}

    /** Returns the inserts per second; empty without pgbench. Blocks. */
    static OptionalDouble measureRate(
            Path directory, DatabaseUrl url, GenerationRequest request, int clients, Duration time)
            throws IOException, InterruptedException {
        Path script = Files.writeString(directory.resolve("insert.sql"), SCRIPT);
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        "pgbench",
                        "--no-vacuum",
                        "--protocol=prepared",
                        "--client=" + clients,
                        "--jobs=" + Math.min(clients, Runtime.getRuntime().availableProcessors()),
                        "--time=" + time.toSeconds(),
                        "--file=" + script,
                        "--define=prompt=" + request.prompt(),
                        "--define=negative=" + request.negativePrompt(),
                        "--define=metadata=" + Json.encode(request.metadata()),
                        "--host=" + url.host(),
                        "--port=" + url.port(),
                        "--username=" + url.user(),
                        url.database()))
                .redirectErrorStream(true);
        builder.environment().put("PGPASSWORD", url.password().value());
        Process process;
        try {
            process = builder.start();
        } catch (IOException notInstalled) {
            return OptionalDouble.empty();
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher matcher = RATE.matcher(output);
        if (process.waitFor() != 0 || !matcher.find()) {
            throw new IllegalStateException("pgbench: " + output);
        }
        return OptionalDouble.of(Double.parseDouble(matcher.group(1)));
    }
}

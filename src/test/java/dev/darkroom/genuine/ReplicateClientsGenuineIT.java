package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients of Replicate for Node and Python accept the simulator, and Darkroom in front of it. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ReplicateClientsGenuineIT {
    private static final String TOOL = "replicate";
    private static final String PRINTED = """
            run image/png image/png
            version starting succeeded 2
            failed Prediction failed: NSFW content detected. Try running it again, or try a different prompt.
            cancel canceled canceled
            rejected 422
            """;

    private static final String PRINTED_BY_DARKROOM = PRINTED.replace(
            "NSFW content detected. Try running it again, or try a different prompt.",
            "The content policy of the AI server rejected the request.");

    @TempDir
    private Path directory;

    private InProcessSimulator simulator;
    private DatabaseUrl database;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ofMillis(50));
        simulator.script(
                new JsonObject().put("ok", true),
                new JsonObject().put("ok", true),
                new JsonObject().put("moderation", true),
                new JsonObject().put("delay", "10m"));
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    private Map<String, String> environment() {
        return Map.of("API", "http://127.0.0.1:" + simulator.port());
    }

    @Test
    void nodeClient() throws Exception {
        GenuineTools.installNode(TOOL);
        assertThat(GenuineTools.run(TOOL, environment(), "node", "client.mjs")).isEqualTo(PRINTED);
    }

    @Test
    void pythonClient() throws Exception {
        String python = GenuineTools.installPython(TOOL).resolve("python").toString();
        assertThat(GenuineTools.run(TOOL, environment(), python, "client.py")).isEqualTo(PRINTED);
    }

    /** Starts Darkroom with the simulator as its AI server. */
    private DarkroomInstance startDarkroom() throws IOException {
        Path conf = Files.writeString(directory.resolve("darkroom.yaml"), """
                backends:
                  first: {url: "%s"}
                models:
                  acme/painter: first
                  9dcd6d78e7c6560c340d916fe32e9f24aabfa331e5cce95fe31f77fb03121426: first
                """.formatted(simulator.url()));
        database = TestPostgres.migratedDatabase();
        return InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .with("DARKROOM_CONF", conf.toString())
                        .webhooksOnLoopback());
    }

    /** Returns the environment of a client with a new API key. */
    private Map<String, String> environment(DarkroomInstance darkroom) {
        return Map.of("API", darkroom.api().toString(), "TOKEN", TestApiKeys.create(database, "ann"));
    }

    @Test
    void nodeClientOfDarkroom() throws Exception {
        GenuineTools.installNode(TOOL);
        try (DarkroomInstance darkroom = startDarkroom()) {
            Map<String, String> api = environment(darkroom);
            assertThat(GenuineTools.run(TOOL, api, "node", "client.mjs")).isEqualTo(PRINTED_BY_DARKROOM);
            simulator.reset();
            assertThat(GenuineTools.run(TOOL, api, "node", "webhook.mjs")).isEqualTo("webhook true true succeeded 1\n");
        }
    }

    @Test
    void pythonClientOfDarkroom() throws Exception {
        String python = GenuineTools.installPython(TOOL).resolve("python").toString();
        try (DarkroomInstance darkroom = startDarkroom()) {
            assertThat(GenuineTools.run(TOOL, environment(darkroom), python, "client.py"))
                    .isEqualTo(PRINTED_BY_DARKROOM);
        }
    }
}

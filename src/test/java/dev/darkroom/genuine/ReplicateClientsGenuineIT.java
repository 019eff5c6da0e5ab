package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The clients of Replicate for Node and Python accept the simulator. */
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

    private InProcessSimulator simulator;

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
        GenuineTools.run(TOOL, Map.of(), "npm", "ci", "--no-audit", "--no-fund");
        assertThat(GenuineTools.run(TOOL, environment(), "node", "client.mjs")).isEqualTo(PRINTED);
    }

    @Test
    void pythonClient() throws Exception {
        String python = GenuineTools.installPython(TOOL).resolve("python").toString();
        assertThat(GenuineTools.run(TOOL, environment(), python, "client.py")).isEqualTo(PRINTED);
    }
}

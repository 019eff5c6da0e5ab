package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The clients of OpenAI for Node, Python and Java accept images of the simulator and recognize its errors. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class OpenAiClientsGenuineIT {
    private static final String TOOL = "openai";
    private static final String PRINTED = """
            b64_json PNG PNG
            url PNG
            size BadRequestError 400 invalid_request_error size
            moderation BadRequestError 400 moderation_blocked -
            unauthorized AuthenticationError 401 invalid_api_key -
            quota RateLimitError 429 insufficient_quota -
            limited RateLimitError 429 rate_limit_exceeded -
            failed InternalServerError 500 server_error -
            unavailable InternalServerError 503 server_error -
            dropped APIConnectionError
            retried PNG
            """;

    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        simulator.script(
                new JsonObject().put("ok", true),
                new JsonObject().put("ok", true),
                new JsonObject().put("moderation", true),
                new JsonObject().put("status", 401),
                new JsonObject().put("quota", true),
                new JsonObject().put("status", 429).put("retryAfter", "1"),
                new JsonObject().put("status", 500),
                new JsonObject().put("status", 503),
                new JsonObject().put("drop", true),
                new JsonObject().put("status", 429).put("retryAfter", "1"));
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    private Map<String, String> environment() {
        return Map.of("API", simulator.url().toString());
    }

    @Test
    void nodeClient() throws Exception {
        GenuineTools.installNode(TOOL);
        assertThat(GenuineTools.run(TOOL, environment(), "npm", "run", "--silent", "client"))
                .isEqualTo(PRINTED);
    }

    @Test
    void pythonClient() throws Exception {
        String python = GenuineTools.installPython(TOOL).resolve("python").toString();
        assertThat(GenuineTools.run(TOOL, environment(), python, "client.py")).isEqualTo(PRINTED);
    }

    @Test
    void javaClient() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("java.class.path");
        assertThat(GenuineTools.run(TOOL, environment(), java, "-cp", classPath, "OpenAiJavaClient.java"))
                .isEqualTo(PRINTED.replace("AuthenticationError", "UnauthorizedException")
                        .replace("APIConnectionError", "OpenAIIoException")
                        .replace("Error ", "Exception "));
    }
}

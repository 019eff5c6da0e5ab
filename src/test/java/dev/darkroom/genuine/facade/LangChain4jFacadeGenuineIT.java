package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.genuine.GenuineTools;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** LangChain4j, unmodified, with the URL of Darkroom. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LangChain4jFacadeGenuineIT {
    private static final String TOOL = "langchain4j";

    @TempDir
    Path directory;

    private InProcessSimulator simulator;
    private FacadeServer server;

    @BeforeEach
    void start() throws Exception {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        server = FacadeServer.start(directory, simulator, settings -> {});
    }

    @AfterEach
    void stop() {
        server.close();
        simulator.close();
    }

    private List<String> run(URI api, String steps) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("java.class.path");
        Map<String, String> environment = Map.of(
                "API", api.toString(), "KEY", server.key(), "STEPS", steps, "IMAGE", OpenAiClient.imageInBase64());
        return GenuineTools.run(TOOL, environment, java, "-cp", classPath, "LangChain4jClient.java")
                .lines()
                .toList();
    }

    @Test
    void receivesImagesAndErrors() throws Exception {
        // given
        simulator.script(new JsonObject().put("ok", true).put("times", 2), new JsonObject().put("moderation", true));

        // then
        assertThat(run(server.api(), "image edit key model size moderation"))
                .containsExactly(
                        "image PNG",
                        "edit PNG",
                        "key 401 invalid_api_key",
                        "model 404 model_not_found",
                        "size 400 invalid_value",
                        "moderation 400 moderation_blocked");
    }

    /** It does not repeat the call. */
    @Test
    void lostConnectionLeavesTheGenerationToFetch() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "3s"));
        URI target = server.api();
        try (TcpProxy proxy = new TcpProxy(target.getHost(), target.getPort())) {
            CompletableFuture<Void> cut = server.cutAfterSubmission(proxy);

            // when
            List<String> printed = run(server.api(proxy), "cut");

            // then
            cut.get(1, TimeUnit.MINUTES);
            assertThat(printed).containsExactly("cut connection");
            server.awaitCompleteGenerations(1);
            assertThat(simulator.recordedRequests()).hasSize(1);
        }
    }
}

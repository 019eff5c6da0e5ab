package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.genuine.LiteLlmModel;
import dev.darkroom.genuine.LiteLlmProcess;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client of OpenAI for Node, unmodified, through a LiteLLM proxy that calls Darkroom. */
@Tag("genuine")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class LiteLlmFacadeGenuineIT {
    /** LiteLLM stops calls to a model for five seconds after failures, so each call has its own. */
    private static final List<String> MODELS =
            List.of("default", "url", "edit", "stream", "size", "moderation", "failed", "cut");

    /** The default of the clients of OpenAI. */
    private static final Duration LITELLM_TIMEOUT = Duration.ofMinutes(10);

    private static final int ROUTER_CALLS = 3;
    /** Submissions of a generation that fails each time: {@code retry.maxAttempts}. */
    private static final int ATTEMPTS = 5;

    private static InProcessSimulator simulator;
    private static FacadeServer server;
    private static TcpProxy connection;
    private static LiteLlmProcess liteLlm;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        server = FacadeServer.start(directory, simulator, settings -> {});
        connection = server.openProxy();
        liteLlm = LiteLlmProcess.start(
                directory,
                MODELS.stream()
                        .map(name -> new LiteLlmModel(
                                name, FacadeServer.MODEL, server.api(connection), server.key(), LITELLM_TIMEOUT))
                        .toList());
    }

    @AfterAll
    static void stop() {
        if (liteLlm != null) {
            liteLlm.close();
        }
        connection.close();
        server.close();
        simulator.close();
    }

    @BeforeEach
    void reset() {
        simulator.reset();
    }

    /** Creates a call of the model with this name. */
    private static ClientStep step(String name, String operation) {
        JsonObject request = server.step(name, operation).request().put("model", name);
        return new ClientStep(name, liteLlm.url(), LiteLlmProcess.KEY, operation, request, 0);
    }

    @Test
    void receivesImagesAndErrors() throws Exception {
        // given
        simulator.script(new JsonObject().put("ok", true).put("times", 3), new JsonObject().put("moderation", true));

        // when
        List<String> printed = OpenAiClient.NPM.run(List.of(
                step("default", "generate"),
                step("url", "generate"),
                step("edit", "edit"),
                step("size", "generate").with("size", "7x7"),
                step("moderation", "generate")));

        // then
        assertThat(printed)
                .containsExactly(
                        "default PNG",
                        "url PNG",
                        "edit PNG",
                        "size 400 invalid_request_error 400 size",
                        "moderation 400 image_generation_user_error 400 -");
        assertThat(simulator.recordedRequests()).hasSize(4);
    }

    /** The client in LiteLLM obeys {@code X-Should-Retry}; its router does not, and repeats the call twice. */
    @Test
    void failedGenerationIsRepeatedByItsRouter() throws Exception {
        // given
        simulator.script(new JsonObject().put("status", 500).put("times", -1));

        // when
        List<String> printed = OpenAiClient.NPM.run(List.of(step("failed", "generate")));

        // then
        assertThat(printed).containsExactly("failed 500 internal_server_error 500 -");
        assertThat(simulator.recordedRequests()).hasSize(ROUTER_CALLS * ATTEMPTS);
    }

    @Test
    void retryAfterALostConnectionToDarkroomSubmitsOnce() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "3s"));
        CompletableFuture<Void> cut = server.cutAfterSubmission(connection);

        // when
        List<String> printed = OpenAiClient.NPM.run(List.of(step("cut", "generate")));

        // then
        cut.get(1, TimeUnit.MINUTES);
        assertThat(printed).containsExactly("cut PNG");
        assertThat(simulator.recordedRequests()).hasSize(1);
    }
}

package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.e2e.AttemptJson;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service with a LiteLLM proxy in front of the simulator: the facts of {@code docs/backends/openai.md}. */
@Tag("genuine")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class LiteLlmGenuineIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    /** Calls of LiteLLM to its provider for one request. */
    private static final int CALLS = 9;

    private static InProcessSimulator simulator;
    private static LiteLlmProcess proxy;
    private static DarkroomInstance darkroom;
    private static ApiClient client;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        proxy = LiteLlmProcess.start(simulator.url());
        Path conf = Files.writeString(directory.resolve("litellm.yaml"), """
                backends:
                  litellm:
                    url: %s
                    breaker:
                      connectionFailures: 1
                      openDuration: 2s
                      maxOpenDuration: 10s
                models:
                  images: litellm/images
                  unknown: litellm/unknown
                  rejected: litellm/rejected
                  moderated: litellm/moderated
                  exhausted: litellm/exhausted
                  limited: litellm/limited
                  cancelled: litellm/cancelled
                  dropped: litellm/dropped
                  killed: litellm/killed
                """.formatted(proxy.url()));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_CONF", conf.toString())
                        .with("DARKROOM_BACKENDS_LITELLM_API_KEY", LiteLlmProcess.KEY));
        client = darkroom.client();
    }

    @AfterAll
    static void stop() {
        if (darkroom != null) {
            darkroom.close();
        }
        if (proxy != null) {
            proxy.close();
        }
        simulator.close();
    }

    @BeforeEach
    void reset() {
        simulator.reset();
    }

    private static String create(String model) {
        return client.create(new JsonObject()
                        .put("prompt", "a pier")
                        .put("width", 64)
                        .put("height", 64)
                        .put("model", model))
                .getString("id");
    }

    private static JsonObject generate(String model) {
        return client.awaitEnd(create(model), LIMIT);
    }

    private static List<String> attempts(JsonObject generation) {
        return AttemptJson.attemptsOf(generation).stream()
                .map(AttemptJson::summary)
                .toList();
    }

    private static void awaitProviderCall() {
        await().atMost(LIMIT).until(() -> simulator.recordedRequests().size() == 1);
    }

    @Test
    void completesWithOneCallToTheProvider() {
        // when
        JsonObject generation = generate("images");

        // then
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
        assertThat(generation.getJsonArray("images").getJsonObject(0).getInteger("width"))
                .isEqualTo(64);
        assertThat(attempts(generation)).containsExactly("SUCCEEDED");
        assertThat(simulator.recordedRequests()).hasSize(1).allSatisfy(request -> {
            assertThat(request.getString("key")).as("idempotency key").isNull();
            assertThat(request.getJsonObject("body").fieldNames()).doesNotContain("seed", "response_format");
        });
    }

    @Test
    void failsBadInputAtOnce() {
        simulator.script(new JsonObject().put("status", 400));
        assertThat(attempts(generate("unknown"))).containsExactly("PERMANENT TERMINAL_INPUT INVALID_REQUEST counted");
        assertThat(simulator.recordedRequests()).isEmpty();
        assertThat(attempts(generate("rejected"))).containsExactly("PERMANENT TERMINAL_INPUT INVALID_REQUEST counted");
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void neverRetriesARefusalOrAnExhaustedQuota() {
        // given
        simulator.script(
                new JsonObject().put("moderation", true),
                new JsonObject().put("quota", true).put("times", CALLS));

        // then
        assertThat(attempts(generate("moderated"))).containsExactly("PERMANENT MODERATED MODERATED counted");
        assertThat(simulator.recordedRequests()).hasSize(1);
        assertThat(attempts(generate("exhausted"))).containsExactly("PERMANENT TERMINAL_AUTH QUOTA_EXHAUSTED counted");
        assertThat(simulator.recordedRequests()).hasSize(1 + CALLS);
    }

    /** LiteLLM waits for the provider itself and does not forward {@code Retry-After}. */
    @Test
    void completesAfterARateLimit() {
        // given
        simulator.script(
                new JsonObject().put("status", 429).put("retryAfter", "2").put("times", CALLS));

        // when
        JsonObject generation = generate("limited");

        // then
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
        List<JsonObject> attempts = AttemptJson.attemptsOf(generation);
        assertThat(attempts(generation)).hasSizeGreaterThan(1).last().isEqualTo("SUCCEEDED");
        assertThat(attempts(generation).subList(0, attempts.size() - 1))
                .containsOnly("RETRYABLE REJECTED_RETRYABLE RATE_LIMITED uncounted");
        List<JsonObject> calls = simulator.recordedRequests();
        assertThat(calls).hasSize(CALLS + 1);
        for (int i = 1; i < CALLS; i++) {
            assertThat(Duration.between(at(calls.get(i - 1)), at(calls.get(i))))
                    .as("time between calls %d and %d", i, i + 1)
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(2));
        }
    }

    private static Instant at(JsonObject request) {
        return AttemptJson.parseTime(request, "at");
    }

    @Test
    void cancellationEndsTheGenerationAndLeavesTheProxyUsable() {
        // given
        simulator.script(new JsonObject().put("delay", "60m"));
        String id = create("cancelled");
        awaitProviderCall();

        // when
        client.cancel(id);

        // then
        assertThat(client.awaitEnd(id, LIMIT).getJsonObject("error").getString("code"))
                .isEqualTo("CANCELLED");
        assertThat(generate("images").getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void lostConnectionOfTheProxyLeavesTheOutcomeOpen() {
        // given
        simulator.script(new JsonObject().put("drop", true).put("times", CALLS));

        // when
        JsonObject generation = generate("dropped");

        // then
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
        assertThat(attempts(generation)).first().isEqualTo("RETRYABLE AMBIGUOUS CONNECTION_LOST counted");
        assertThat(simulator.recordedRequests()).hasSize(CALLS + 1);
    }

    @Test
    void killInTheMiddleLeavesTheOutcomeOpenUntilTheProxyIsBack() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "60m"));
        String id = create("killed");
        awaitProviderCall();

        // when
        proxy.kill();

        // then
        await().atMost(LIMIT)
                .until(() -> client.generation(id).getJsonArray("attempts", new JsonArray()).stream()
                        .anyMatch(attempt -> ((JsonObject) attempt).containsKey("outcome")));

        // when
        proxy.restart();

        // then
        JsonObject generation = client.awaitEnd(id, LIMIT);
        List<String> attempts = attempts(generation);
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
        assertThat(attempts).first().isEqualTo("RETRYABLE AMBIGUOUS CONNECTION_LOST counted");
        assertThat(attempts).last().isEqualTo("SUCCEEDED");
        assertThat(attempts.subList(1, attempts.size() - 1))
                .allMatch(attempt -> attempt.startsWith("RETRYABLE NOT_SENT"));
    }
}

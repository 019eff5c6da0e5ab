package dev.darkroom.genuine.facade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The clients of OpenAI for Node, Python and Java, unmodified, with the URL of Darkroom. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class OpenAiClientsFacadeGenuineIT extends FacadeClientFixture {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    /** Submissions of a generation that fails each time: {@code retry.maxAttempts}. */
    private static final int ATTEMPTS = 5;

    @Override
    void configure(DarkroomInstanceSettings settings) {
        settings.with("DARKROOM_ACCOUNTING_USER_BUDGETS", "poor=1/-");
    }

    private ClientStep step(String name, String operation) {
        return server.step(name, operation);
    }

    @ParameterizedTest
    @EnumSource
    void receivesImages(OpenAiClient client) throws Exception {
        // when
        List<String> printed = client.run(List.of(
                step("models", "models"),
                step("default", "generate"),
                step("b64_json", "generate").with("response_format", "b64_json").with("n", 2),
                step("url", "generate").with("response_format", "url"),
                step("stream", "stream").with("partial_images", 2),
                step("edit", "edit")));

        // then
        assertThat(printed)
                .containsExactly(
                        "models simulator", "default PNG", "b64_json PNG PNG", "url PNG", "stream PNG", "edit PNG");
    }

    @ParameterizedTest
    @EnumSource
    void recognizesErrorsAndRetriesNoFinalOne(OpenAiClient client) throws Exception {
        // given
        simulator.script(
                new JsonObject().put("moderation", true),
                new JsonObject().put("status", 500).put("times", ATTEMPTS),
                new JsonObject().put("quota", true));

        // when
        List<String> printed = client.run(List.of(
                step("key", "generate").withKey("sk-wrong").withRetries(2),
                step("model", "generate").with("model", "unknown").withRetries(2),
                step("size", "generate").with("size", "7x7").withRetries(2),
                step("quality", "generate").with("quality", "high").withRetries(2),
                step("moderation", "generate").withRetries(2),
                step("failed", "generate").withRetries(2),
                step("account", "generate").withRetries(2),
                step("budget", "generate").withKey(server.createKey("poor")).withRetries(2)));

        // then
        assertThat(printed)
                .containsExactly(
                        "key 401 authentication_error invalid_api_key -",
                        "model 404 invalid_request_error model_not_found model",
                        "size 400 invalid_request_error invalid_value size",
                        "quality 400 invalid_request_error unsupported_parameter quality",
                        "moderation 400 image_generation_user_error moderation_blocked -",
                        "failed 500 server_error attempts_exhausted -",
                        "account 500 server_error quota_exhausted -",
                        "budget 429 insufficient_quota insufficient_quota -");
        assertThat(simulator.recordedRequests()).hasSize(1 + ATTEMPTS + 1);
    }

    @ParameterizedTest
    @EnumSource
    void recognizesARateLimit(OpenAiClient client) throws Exception {
        // given
        try (FacadeServer limited = FacadeServer.start(
                directory, simulator, settings -> settings.with("DARKROOM_LIMITS_FAILED_LOGINS_PER_MINUTE", "1"))) {

            // when
            List<String> printed = client.run(
                    List.of(limited.step("key", "generate").withKey("sk-wrong"), limited.step("limited", "generate")));

            // then
            assertThat(printed)
                    .containsExactly(
                            "key 401 authentication_error invalid_api_key -",
                            "limited 429 rate_limit_error rate_limit_exceeded -");
        }
    }

    @ParameterizedTest
    @EnumSource
    void recognizesAFullQueue(OpenAiClient client) throws Exception {
        // given
        simulator.script(new JsonObject().put("hang", true).put("times", -1));
        try (FacadeServer full = FacadeServer.start(
                directory,
                simulator,
                settings -> settings.with("DARKROOM_GENERATION_MAX_QUEUE_SIZE", "1")
                        .with("DARKROOM_WORKER_CONCURRENCY", "1"))) {
            ApiClient api = full.darkroom().client().withKey(full.key());
            String request = new JsonObject().put("prompt", "a pier").encode();
            await().atMost(LIMIT).until(() -> api.post(request).text().contains("overloaded"));

            // then
            assertThat(client.run(List.of(full.step("full", "generate"))))
                    .containsExactly("full 503 server_error overloaded -");
        }
    }

    @ParameterizedTest
    @EnumSource
    void automaticRetryAfterALostConnectionSubmitsOnce(OpenAiClient client) throws Exception {
        for (String operation : List.of("generate", "edit")) {
            // given
            simulator.reset();
            simulator.script(new JsonObject().put("delay", "3s"));
            ClientStep step = step("cut", operation).withRetries(2);

            // when
            List<String> printed = server.runWithCut(api -> client.run(List.of(step.withApi(api))));

            // then
            assertThat(printed).containsExactly("cut PNG");
            assertThat(simulator.recordedRequests()).as(operation).hasSize(1);
        }
    }
}

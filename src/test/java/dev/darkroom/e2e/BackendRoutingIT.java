package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two AI servers: models, weights, failover and outages. */
class BackendRoutingIT {
    @TempDir
    Path directory;

    private InProcessSimulator a;
    private InProcessSimulator b;
    private DarkroomInstance darkroom;
    private ApiClient client;

    @BeforeEach
    void start() throws IOException {
        a = new InProcessSimulator(Duration.ofMillis(5));
        b = new InProcessSimulator(Duration.ofMillis(5));
        Path conf = Files.writeString(directory.resolve("routing.yaml"), """
                backends:
                  a:
                    url: %s
                    breaker:
                      connectionFailures: 3
                      openDuration: 200ms
                      maxOpenDuration: 200ms
                  b:
                    url: %s
                    maxSide: 1024
                models:
                  ordered: a/first, b/second
                  weighted: a=3, b=1
                """.formatted(a.url(), b.url()));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_CONF", conf.toString())
                        .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "1000"));
        client = darkroom.client();
    }

    @AfterEach
    void stop() {
        darkroom.close();
        a.close();
        b.close();
    }

    private List<String> create(int count, String model) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(client.post(new JsonObject()
                            .put("prompt", "a pier")
                            .put("model", model)
                            .encode())
                    .json()
                    .getString("id"));
        }
        return ids;
    }

    private JsonObject end(String id) {
        return client.awaitEnd(id);
    }

    /** Returns backend and selection of each attempt, such as {@code "a ORDER, b FAILOVER"}. */
    private static String attempts(JsonObject generation) {
        JsonArray attempts = generation.getJsonArray("attempts");
        List<String> descriptions = new ArrayList<>();
        for (int i = 0; i < attempts.size(); i++) {
            JsonObject attempt = attempts.getJsonObject(i);
            descriptions.add(attempt.getString("backend") + " " + attempt.getString("selection"));
        }
        return String.join(", ", descriptions);
    }

    @Test
    void modelNamesAreThoseOfTheAiServer() {
        // when
        JsonObject named = end(create(1, "ordered").get(0));
        JsonObject unnamed =
                end(client.post(new JsonObject().put("prompt", "a pier").encode())
                        .json()
                        .getString("id"));

        // then
        assertThat(named.getString("model")).isEqualTo("ordered");
        assertThat(unnamed.getString("model")).isEqualTo("ordered");
        assertThat(attempts(named)).isEqualTo("a ORDER");
        assertThat(a.recordedRequests())
                .allSatisfy(request -> assertThat(request.getJsonObject("body").getString("model"))
                        .isEqualTo("first"));
    }

    @Test
    void returnsTheModelsInOrderWithTheirLimits() {
        // when
        JsonObject models = client.get("/api/models").json();

        // then
        JsonObject limits = new JsonObject()
                .put("maxPromptLength", 32_000)
                .put("width", new JsonObject().put("minimum", 64).put("maximum", 1024))
                .put("height", new JsonObject().put("minimum", 64).put("maximum", 1024))
                .put("count", new JsonObject().put("minimum", 1).put("maximum", 10))
                .put("negativePrompt", true)
                .put("inputImages", new JsonObject().put("minimum", 0).put("maximum", 16))
                .put("mask", new JsonObject().put("minimum", 0).put("maximum", 1))
                .put("imageFormats", new JsonArray(List.of("image/png", "image/jpeg", "image/webp")))
                .put("seed", new JsonObject().put("minimum", 0).put("maximum", 2147483647));
        assertThat(models.getJsonArray("models"))
                .containsExactly(
                        new JsonObject()
                                .put("name", "ordered")
                                .put("default", true)
                                .mergeIn(limits),
                        new JsonObject()
                                .put("name", "weighted")
                                .put("default", false)
                                .mergeIn(limits));
    }

    @Test
    void unknownModelIsRejectedWithTheKnownOnes() {
        // when
        JsonObject problem = client.post(new JsonObject()
                        .put("prompt", "a pier")
                        .put("model", "other")
                        .encode())
                .json();

        // then
        assertThat(problem.getJsonArray("errors").getJsonObject(0).getString("detail"))
                .isEqualTo("is not a known model; known are ordered, weighted");
    }

    @Test
    void requestsMustBeWithinTheLimitsOfEveryAiServerOfTheModel() {
        // when
        JsonObject problem = client.post(new JsonObject()
                        .put("prompt", "a pier")
                        .put("model", "ordered")
                        .put("width", 1088)
                        .encode())
                .json();

        // then
        assertThat(problem.getJsonArray("errors").getJsonObject(0))
                .isEqualTo(new JsonObject().put("pointer", "#/width").put("detail", "must be between 64 and 1024"));
    }

    @Test
    void weightsShareTheGenerations() {
        // when
        create(80, "weighted")
                .forEach(id -> assertThat(end(id).getString("status")).isEqualTo("COMPLETE"));

        // then
        assertThat(a.recordedRequests().size()).isBetween(55, 65);
        assertThat(b.recordedRequests()).hasSize(80 - a.recordedRequests().size());
    }

    @Test
    void failedAttemptsGoToAnotherAiServer() {
        // given
        a.script(new JsonObject().put("status", 500), new JsonObject().put("status", 401));

        // when
        JsonObject serverError = end(create(1, "ordered").get(0));
        JsonObject unauthorized = end(create(1, "ordered").get(0));

        // then
        assertThat(attempts(serverError)).isEqualTo("a ORDER, b FAILOVER");
        assertThat(serverError.getString("status")).isEqualTo("COMPLETE");
        assertThat(attempts(unauthorized)).isEqualTo("a ORDER, b FAILOVER");
        assertThat(unauthorized.getString("status")).isEqualTo("COMPLETE");
        assertThat(b.recordedRequests())
                .allSatisfy(request -> assertThat(request.getJsonObject("body").getString("model"))
                        .isEqualTo("second"));
    }

    @Test
    void rejectedPromptsAndInvalidRequestsDoNotFailOver() {
        // given
        a.script(new JsonObject().put("moderation", true), new JsonObject().put("status", 400));

        // when
        JsonObject moderated = end(create(1, "ordered").get(0));
        JsonObject invalid = end(create(1, "ordered").get(0));

        // then
        assertThat(moderated.getJsonObject("error").getString("code")).isEqualTo("MODERATED");
        assertThat(invalid.getJsonObject("error").getString("code")).isEqualTo("INVALID_REQUEST");
        assertThat(b.recordedRequests()).isEmpty();
    }

    @Test
    void everythingCompletesOnTheOtherWhileOneIsDown() {
        // given
        int port = a.port();
        a.close();

        // when
        create(40, "weighted")
                .forEach(id -> assertThat(end(id).getString("status")).isEqualTo("COMPLETE"));

        // then
        assertThat(b.recordedRequests()).hasSize(40);

        // when it is back, it gets generations again without intervention
        a = new InProcessSimulator(port, Duration.ofMillis(5));
        Awaitility.await("calls").atMost(Duration.ofSeconds(60)).until(() -> {
            end(create(1, "weighted").get(0));
            return !a.recordedRequests().isEmpty();
        });
    }
}

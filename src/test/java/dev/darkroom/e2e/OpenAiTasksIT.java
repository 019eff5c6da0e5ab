package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tasks of the OpenAI API: the forms that clients of sub2api and APIMart read. */
class OpenAiTasksIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    @Test
    void returnsImagesOfCompletedTask() {
        // when
        ApiResponse created = post(request("A pier").put("n", 2), Map.of());

        // then
        assertThat(created.status()).as(created.text()).isEqualTo(202);
        String id = created.json().getString("task_id");
        assertThat(created.json().getString("id")).isEqualTo(id);
        assertThat(created.json().getString("status")).isEqualTo("processing");
        assertThat(created.json().getJsonArray("data").getJsonObject(0).getMap())
                .containsExactlyInAnyOrderEntriesOf(Map.of("task_id", id, "status", "submitted"));
        assertThat(created.header("Location")).isEqualTo("/v1/tasks/" + id);

        // and when the generation, which has the same id, has ended
        assertThat(service.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        for (String path : new String[] {"/v1/tasks/", "/v1/images/tasks/"}) {
            JsonObject task = service.client().get(path + id).json();

            // then
            assertThat(task.getString("status")).isEqualTo("completed");
            assertThat(task.getJsonObject("data").getString("status")).isEqualTo("completed");
            String url = task.getJsonObject("result")
                    .getJsonArray("data")
                    .getJsonObject(1)
                    .getString("url");
            assertThat(task.getJsonObject("data")
                            .getJsonObject("result")
                            .getJsonArray("images")
                            .getJsonObject(1)
                            .getJsonArray("url"))
                    .containsExactly(url);
            URI image = URI.create(task.getString("image_url"));
            assertThat(service.client()
                            .get(image.getRawPath() + "?" + image.getRawQuery())
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void isProcessingUntilItIsCancelled() {
        // given
        service.aiServer().script(new JsonObject().put("hang", true));

        // when
        ApiResponse created = post(request("A slow pier"), Map.of());
        String id = created.json().getString("id");
        // Later, the cancelled submission could arrive during another test.
        await("the submission")
                .atMost(LIMIT)
                .until(() -> !service.aiServer().recordedRequests(id).isEmpty());
        ApiResponse pending = service.client().get(created.header("Location"));

        // then
        assertThat(pending.json().getString("status")).isEqualTo("processing");
        assertThat(pending.json().getJsonObject("data").getString("status")).isEqualTo("processing");
        assertThat(pending.header("Retry-After")).isEqualTo("3");

        // and when
        service.client().send("POST", "/api/generation/" + id + "/cancel", Map.of(), null);

        // then
        ApiResponse cancelled = service.client().get(created.header("Location"));
        assertThat(cancelled.json().getString("status")).isEqualTo("failed");
        assertThat(cancelled.json().getJsonObject("error").getString("code")).isEqualTo("cancelled");
        assertThat(cancelled.headers()).doesNotContainKey("Retry-After");
    }

    @Test
    void returnsErrorOfFailedTask() {
        // given
        service.aiServer().script(new JsonObject().put("moderation", true));

        // when
        String id = post(request("A refused pier"), Map.of()).json().getString("task_id");

        // then
        JsonObject task = awaitEnd(id);
        assertThat(task.getString("status")).isEqualTo("failed");
        assertThat(task.getJsonObject("error").getString("code")).isEqualTo("moderation_blocked");
        assertThat(task.getJsonObject("data").getJsonObject("error")).isEqualTo(task.getJsonObject("error"));
    }

    private static JsonObject awaitEnd(String id) {
        return await().atMost(LIMIT)
                .until(
                        () -> service.client().get("/v1/tasks/" + id).json(),
                        task -> !task.getString("status").equals("processing"));
    }

    @Test
    void replaysIdempotencyKey() {
        // given
        Map<String, String> key = Map.of("Idempotency-Key", UUID.randomUUID().toString());

        // when
        ApiResponse first = post(request("One pier"), key);
        ApiResponse second = post(request("One pier"), key);
        // Otherwise its submission could get the scripted response of another test.
        awaitEnd(first.json().getString("task_id"));

        // then
        assertThat(second.json().getString("task_id")).isEqualTo(first.json().getString("task_id"));
        assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
    }

    @ParameterizedTest
    @CsvSource({"stream, true", "response_format, b64_json", "size, huge", "steps, 7"})
    void namesParameterThatATaskDoesNotSupport(String name, String value) {
        // when
        ApiResponse response = post(
                request("A pier")
                        .put(
                                name,
                                switch (value) {
                                    case "true" -> true;
                                    case "7" -> 7;
                                    default -> value;
                                }),
                Map.of());

        // then
        assertThat(response.status()).isEqualTo(400);
        assertThat(response.json().getJsonObject("error").getString("param")).isEqualTo(name);
    }

    @Test
    void returnsErrorsInTheFormOfTheApi() {
        ApiResponse unknown = service.client().get("/v1/tasks/" + UUID.randomUUID());
        assertThat(unknown.status()).isEqualTo(404);
        assertThat(unknown.json().getJsonObject("error").getString("code")).isEqualTo("not_found");
        ApiResponse other = service.client().get("/v1/tasks/imgtask_1");
        assertThat(other.status()).isEqualTo(404);
        assertThat(other.json().getJsonObject("error").getString("code")).isEqualTo("not_found");
    }

    private static JsonObject request(String prompt) {
        return new JsonObject().put("prompt", prompt).put("size", "64x64");
    }

    private static ApiResponse post(JsonObject request, Map<String, String> headers) {
        Map<String, String> all = new TreeMap<>(headers);
        all.put("Content-Type", "application/json");
        return service.client()
                .send(
                        "POST",
                        "/v1/images/generations/async",
                        all,
                        request.encode().getBytes(StandardCharsets.UTF_8));
    }
}

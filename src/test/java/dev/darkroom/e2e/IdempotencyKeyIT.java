package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static dev.darkroom.testing.ProblemAssertions.errorsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are repeated with an idempotency key. */
class IdempotencyKeyIT {
    private static final int CONCURRENT_REQUESTS = 50;

    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static ApiResponse post(JsonObject request, String key) {
        return service.client().post(request.encode(), Map.of("Idempotency-Key", key));
    }

    private static JsonObject request() {
        return new JsonObject().put("prompt", "A lighthouse").put("width", 64).put("height", 64);
    }

    @Test
    void concurrentEqualRequestsCreateOneGeneration() throws Exception {
        // given
        String key = UUID.randomUUID().toString();
        ExecutorService threads = Executors.newFixedThreadPool(CONCURRENT_REQUESTS);

        // when
        List<ApiResponse> responses = new ArrayList<>();
        try {
            List<Callable<ApiResponse>> calls = new ArrayList<>();
            for (int i = 0; i < CONCURRENT_REQUESTS; i++) {
                calls.add(() -> post(request().put("prompt", key), key));
            }
            for (Future<ApiResponse> response : threads.invokeAll(calls)) {
                responses.add(response.get());
            }
        } finally {
            threads.shutdown();
        }

        // then
        assertThat(responses).extracting(ApiResponse::status).isSubsetOf(200, 202);
        assertThat(responses)
                .extracting(apiResponse -> apiResponse.json().getString("id"))
                .containsOnly(responses.get(0).json().getString("id"));
        assertThat(responses)
                .filteredOn(apiResponse -> apiResponse.header("Idempotency-Replayed") == null)
                .hasSize(1);
        String id = responses.get(0).json().getString("id");
        assertThat(service.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        // Filters by prompt, because requests of other tests may arrive meanwhile.
        assertThat(service.aiServer().recordedRequests())
                .filteredOn(
                        call -> call.getJsonObject("body").getString("prompt").equals(key))
                .hasSize(1);
    }

    @Test
    void comparesRequestsByContentNotSpelling() {
        // given
        ApiResponse first = post(request(), "\"in quotes\"");

        // when
        ApiResponse second =
                post(new JsonObject().put("height", 64.0).put("width", 64).put("prompt", "A lighthouse"), "in quotes");

        // then
        assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(second.json().getString("id")).isEqualTo(first.json().getString("id"));
        assertThat(second.header("Location")).isEqualTo(first.header("Location"));
    }

    @Test
    void treatsExplicitDefaultsAsSameRequest() {
        String id = post(new JsonObject().put("prompt", "defaults"), "defaults")
                .json()
                .getString("id");
        service.client().awaitEnd(id);
        JsonObject explicit = new JsonObject()
                .put("prompt", "defaults")
                .put("width", DarkroomInstanceSettings.DEFAULT_SIDE)
                .put("count", 1);

        assertThat(post(explicit, "defaults").json().getString("id")).isEqualTo(id);
        assertProblem(
                post(explicit.put("width", DarkroomInstanceSettings.DEFAULT_SIDE + 1), "defaults"),
                422,
                "idempotency-key-reused",
                "/api/generation");
    }

    @Test
    void treatsQuotedAndUnquotedKeyAsSame() {
        String id = post(request(), "a \\ b").json().getString("id");
        service.client().awaitEnd(id);

        assertThat(post(request(), "\"a \\\\ b\"").json().getString("id")).isEqualTo(id);
    }

    @Test
    void replayReturnsCurrentState() {
        // given
        String id = post(request(), "now").json().getString("id");
        service.client().awaitEnd(id);

        // when
        ApiResponse replayed = post(request(), "now");

        // then
        assertThat(replayed.status()).isEqualTo(200);
        assertThat(replayed.json().getString("status")).isEqualTo("COMPLETE");
        assertThat(replayed.header("Retry-After")).isNull();
    }

    @Test
    void rejectsDifferentRequestWithSameKey() {
        // given
        post(request(), "mistaken");

        // when
        ApiResponse other = post(request().put("width", 65), "mistaken");

        // then
        assertProblem(other, 422, "idempotency-key-reused", "/api/generation");
    }

    @Test
    void keyOutlivesDeletedGeneration() {
        // given
        String id = post(request(), "deleted").json().getString("id");
        service.client().awaitEnd(id);
        assertThat(service.client().delete(id).status()).isEqualTo(204);

        // when
        ApiResponse replayed = post(request(), "deleted");

        // then no second generation is created
        assertProblem(replayed, 409, "conflict", "/api/generation");
        assertThat(replayed.json().getString("detail")).contains("has been deleted");
    }

    @Test
    void repeatedRetryCreatesOneGeneration() {
        // given
        service.aiServer().script(new JsonObject().put("moderation", true));
        String id = service.client().create("Not this");
        service.client().awaitEnd(id);
        Map<String, String> key = Map.of("Idempotency-Key", "again");

        // when
        ApiResponse first = service.client().retry(id, key);
        ApiResponse second = service.client().retry(id, key);

        // then
        assertThat(first.status()).isEqualTo(202);
        assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(second.json().getString("id")).isEqualTo(first.json().getString("id"));
        assertProblem(post(request(), "again"), 422, "idempotency-key-reused", "/api/generation");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "x\ty", "\"\"", "\"  \"", "\"open", "\"a\"b\"", "\"bad \\escape\""})
    void rejectsInvalidKey(String key) {
        ApiResponse apiResponse = post(request(), key);
        assertProblem(apiResponse, 400, "invalid-request", "/api/generation");
        assertThat(errorsOf(apiResponse))
                .containsExactly(
                        "Idempotency-Key must have 1 to 255 printable ASCII characters, not only spaces, bare or in double quotes");
    }

    @Test
    void rejectsTooLongKey() {
        for (String key : List.of("x".repeat(255), '"' + "y".repeat(255) + '"', '"' + "\\\\".repeat(255) + '"')) {
            ApiResponse apiResponse = post(request(), key);
            assertThat(apiResponse.status()).as(key).isEqualTo(202);
            service.client().awaitEnd(apiResponse.json().getString("id"));
        }
        assertThat(post(request(), "x".repeat(256)).status()).isEqualTo(400);
        assertThat(post(request(), '"' + "y".repeat(256) + '"').status()).isEqualTo(400);
    }
}

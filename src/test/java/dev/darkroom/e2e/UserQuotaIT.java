package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Quotas per user and for all users. */
@Timeout(300)
class UserQuotaIT {
    private static final String BODY = new JsonObject().put("prompt", "A pier").encode();

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
    private DarkroomInstance darkroomInstance;

    private ApiClient start(Map<String, String> limits) {
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_AUTH", "required");
        limits.forEach(settings::with);
        darkroomInstance = InProcessDarkroom.start(directory, settings);
        return client("alice");
    }

    private ApiClient client(String user) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(database)) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return darkroomInstance.client().withKey(key.secret());
    }

    @AfterEach
    void stop() throws Exception {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    private static List<ApiResponse> postConcurrently(ApiClient client, int count) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Callable<ApiResponse>> calls = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                calls.add(() -> client.post(BODY));
            }
            List<ApiResponse> responses = new ArrayList<>();
            for (Future<ApiResponse> response : threads.invokeAll(calls)) {
                responses.add(response.get());
            }
            return responses;
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void limitsPendingGenerationsPerUser() throws Exception {
        // given
        ApiClient alice =
                start(Map.of("DARKROOM_GENERATION_MAX_PENDING_PER_USER", "5", "DARKROOM_WORKER_CONCURRENCY", "2"));
        inProcessSimulator.script(new JsonObject().put("hang", true).put("times", -1));

        // when
        List<ApiResponse> responses = postConcurrently(alice, 30);

        // then
        assertThat(responses)
                .filteredOn(apiResponse -> apiResponse.status() == 202)
                .hasSize(5);
        assertThat(responses)
                .filteredOn(apiResponse -> apiResponse.status() == 429)
                .hasSize(25);
        ApiResponse rejected = alice.post(BODY);
        assertProblem(rejected, 429, "quota-exceeded", "/api/generation");
        assertThat(rejected.header("Retry-After")).isEqualTo("10");
        assertThat(rejected.json().getString("detail"))
                .isEqualTo("Quota of 5 pending generations exceeded. Nothing was stored.");
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations"))
                .containsExactly("5");

        // and the limit is per user
        assertThat(client("bob").post(BODY).status()).isEqualTo(202);

        // and after the end of one another is accepted
        String pending = alice.get("/api/generation?limit=1")
                .json()
                .getJsonArray("items")
                .getJsonObject(0)
                .getString("id");
        assertThat(alice.cancel(pending).status()).isEqualTo(200);
        assertThat(alice.post(BODY).status()).isEqualTo(202);
        assertThat(alice.retry(pending, Map.of()).status()).isEqualTo(429);
    }

    @Test
    void limitsGenerationsPerDay() {
        // given
        ApiClient alice = start(Map.of("DARKROOM_GENERATION_MAX_PER_DAY_PER_USER", "3"));
        for (int i = 0; i < 2; i++) {
            alice.awaitEnd(alice.create("A pier"));
        }
        Map<String, String> key = Map.of("Idempotency-Key", "the third");
        String third = alice.post(BODY, key).json().getString("id");

        // when
        ApiResponse rejected = alice.post(BODY);

        // then
        assertProblem(rejected, 429, "quota-exceeded", "/api/generation");
        assertThat(rejected.header("Retry-After")).isEqualTo("60");
        assertThat(rejected.json().getString("detail")).startsWith("Daily quota of 3 generations exceeded");

        // and an accepted request is replayed, and a rejection does not use up the key
        assertThat(alice.post(BODY, key).json().getString("id")).isEqualTo(third);
        Map<String, String> other = Map.of("Idempotency-Key", "the fourth");
        assertThat(alice.post(BODY, other).status()).isEqualTo(429);
        TestPostgres.execute(database, "UPDATE generations SET created_at = created_at - interval '24 hours'");
        assertThat(alice.post(BODY, other).status()).isEqualTo(202);
    }

    @Test
    void limitsQueuedGenerationsOfAllUsers() {
        // given no worker
        ApiClient alice =
                start(Map.of("DARKROOM_GENERATION_MAX_QUEUE_SIZE", "3", "DARKROOM_NODE_ROLES", "api, notifier"));

        // when
        ApiResponse rejected = Awaitility.await("a rejected request")
                .atMost(Duration.ofSeconds(60))
                .until(() -> alice.post(BODY), apiResponse -> apiResponse.status() != 202);

        // then
        assertProblem(rejected, 503, "overloaded", "/api/generation");
        assertThat(rejected.json().getString("detail")).isEqualTo("The queue is full. Nothing was stored.");
        assertThat(rejected.header("Retry-After")).isEqualTo("30");
        assertThat(Integer.parseInt(TestPostgres.query(database, "SELECT count(*) FROM generation_queue")
                        .get(0)))
                .isBetween(3, 5);
    }
}

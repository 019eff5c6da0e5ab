package dev.darkroom.e2e;

import static dev.darkroom.testing.Problems.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
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

/** How much a user may have, and all together. */
@Timeout(300)
class UserLimitsIT {
    private static final String BODY = new JsonObject().put("prompt", "A pier").encode();

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private final AiServer aiServer = new AiServer(Duration.ofMillis(10));
    private Darkroom darkroom;

    private ApiClient start(Map<String, String> limits) {
        DarkroomSettings settings =
                DarkroomSettings.quick().database(database).aiServer(aiServer).with("DARKROOM_AUTH", "required");
        limits.forEach(settings::with);
        darkroom = InProcessDarkroom.start(directory, settings);
        return client("alice");
    }

    private ApiClient client(String user) {
        ApiKey key = ApiKey.mint(new SecureRandom());
        try (KeyCabinet cabinet = KeyCabinet.open(database)) {
            cabinet.add(key, new Caller(user, Role.USER), null);
        }
        return darkroom.client().withKey(key.secret());
    }

    @AfterEach
    void stop() throws Exception {
        darkroom.close();
        aiServer.close();
    }

    private static List<Answer> atOnce(ApiClient client, int count) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(count);
        try {
            List<Callable<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                calls.add(() -> client.post(BODY));
            }
            List<Answer> answers = new ArrayList<>();
            for (Future<Answer> answer : threads.invokeAll(calls)) {
                answers.add(answer.get());
            }
            return answers;
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void onlySoManyMayBePendingAtOnce() throws Exception {
        // given
        ApiClient alice =
                start(Map.of("DARKROOM_GENERATION_MAX_PENDING_PER_USER", "5", "DARKROOM_WORKER_CONCURRENCY", "2"));
        aiServer.script(new JsonObject().put("hang", true).put("times", -1));

        // when
        List<Answer> answers = atOnce(alice, 30);

        // then
        assertThat(answers).filteredOn(answer -> answer.status() == 202).hasSize(5);
        assertThat(answers).filteredOn(answer -> answer.status() == 429).hasSize(25);
        Answer refused = alice.post(BODY);
        assertProblem(refused, 429, "limit-reached", "/api/generation");
        assertThat(refused.header("Retry-After")).isEqualTo("10");
        assertThat(refused.json().getString("detail"))
                .isEqualTo("You have 5 generations that have not ended, as many as are allowed at once."
                        + " Nothing was stored.");
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations"))
                .containsExactly("5");

        // and it is nobody else's
        assertThat(client("bob").post(BODY).status()).isEqualTo(202);

        // and when one has ended there is room for another
        String one = alice.get("/api/generation?limit=1")
                .json()
                .getJsonArray("items")
                .getJsonObject(0)
                .getString("id");
        assertThat(alice.cancel(one).status()).isEqualTo(200);
        assertThat(alice.post(BODY).status()).isEqualTo(202);
        assertThat(alice.retry(one, Map.of()).status()).isEqualTo(429);
    }

    @Test
    void onlySoManyMayBeAskedForInADay() {
        // given
        ApiClient alice = start(Map.of("DARKROOM_GENERATION_MAX_PER_DAY_PER_USER", "3"));
        for (int i = 0; i < 2; i++) {
            alice.awaitEnd(alice.create("A pier"));
        }
        Map<String, String> key = Map.of("Idempotency-Key", "the third");
        String third = alice.post(BODY, key).json().getString("id");

        // when
        Answer refused = alice.post(BODY);

        // then
        assertProblem(refused, 429, "limit-reached", "/api/generation");
        assertThat(refused.header("Retry-After")).isEqualTo("60");
        assertThat(refused.json().getString("detail")).startsWith("You have asked for 3 generations in 24 hours");

        // and what was accepted is told again, and a key is not used up by a refusal
        assertThat(alice.post(BODY, key).json().getString("id")).isEqualTo(third);
        Map<String, String> other = Map.of("Idempotency-Key", "the fourth");
        assertThat(alice.post(BODY, other).status()).isEqualTo(429);
        TestPostgres.execute(database, "UPDATE generations SET created_at = created_at - interval '24 hours'");
        assertThat(alice.post(BODY, other).status()).isEqualTo(202);
    }

    @Test
    void onlySoManyMayWaitOfAllTogether() {
        // given nobody who works
        ApiClient alice = start(Map.of("DARKROOM_GENERATION_MAX_WAITING", "3", "DARKROOM_WORKER_CONCURRENCY", "0"));

        // when
        Answer refused = Awaitility.await("a refusal")
                .atMost(Duration.ofSeconds(60))
                .until(() -> alice.post(BODY), answer -> answer.status() != 202);

        // then
        assertProblem(refused, 503, "overloaded", "/api/generation");
        assertThat(refused.json().getString("detail"))
                .isEqualTo("Too many generations wait already. Nothing was stored.");
        assertThat(refused.header("Retry-After")).isEqualTo("30");
        assertThat(Integer.parseInt(TestPostgres.query(database, "SELECT count(*) FROM generation_queue")
                        .get(0)))
                .isBetween(3, 5);
    }
}

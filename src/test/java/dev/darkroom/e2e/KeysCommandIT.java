package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** API keys as an operator creates and revokes them, and as clients use them. */
@Timeout(300)
class KeysCommandIT {
    @TempDir
    Path directory;

    private final DarkroomInstanceSettings settings =
            DarkroomInstanceSettings.forTests().with("DARKROOM_AUTH", "required");

    private DarkroomInstanceProcess run(String... arguments) {
        return DarkroomInstanceProcess.launch(directory, settings.environment(), List.of(SHARED_BINARIES), arguments);
    }

    private DarkroomInstanceProcess startServer() {
        return DarkroomInstanceProcess.start(directory, settings.environment(), SHARED_BINARIES);
    }

    private String create(String... arguments) {
        DarkroomInstanceProcess keys = run(arguments);
        assertThat(keys.awaitExit()).as("%s", keys.errors()).isZero();
        assertThat(keys.errors()).singleElement().asString().contains("This is the only time that the key is shown");
        List<String> output = new ArrayList<>(keys.log());
        output.removeAll(keys.errors());
        assertThat(output).singleElement().asString().matches("dk_[0-9a-f]{16}_[0-9a-f]{64}");
        return output.get(0);
    }

    private static ApiClient.ApiResponse post(ApiClient client) {
        return client.post(new JsonObject().put("prompt", "A lighthouse").encode());
    }

    @Test
    void keyCreatedBesideRunningServerWorksUntilRevoked() {
        try (DarkroomInstanceProcess darkroom = startServer()) {
            // given no key yet
            ApiClient anonymous = darkroom.client();
            assertProblem(post(anonymous), 401, "unauthorized", "/api/generation");
            assertThat(post(anonymous).header("WWW-Authenticate")).isEqualTo("Bearer realm=\"darkroom\"");

            // when
            String key = create("keys", "create", "--user", "alice", "--expires", "90d");

            // then
            ApiClient alice = anonymous.withKey(key);
            String id = alice.create("A lighthouse");
            assertThat(alice.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            ApiClient.ApiResponse rejected =
                    post(anonymous.withKey(key.substring(0, 83) + (key.endsWith("0") ? "1" : "0")));
            assertProblem(rejected, 401, "unauthorized", "/api/generation");
            assertThat(rejected.header("WWW-Authenticate"))
                    .isEqualTo("Bearer realm=\"darkroom\", error=\"invalid_token\"");
            assertThat(darkroom.log()).noneMatch(line -> line.contains(key));

            // when
            String keyId = key.substring(0, 19);
            DarkroomInstanceProcess revoke = run("keys", "revoke", keyId);

            // then
            assertThat(revoke.awaitExit()).isZero();
            assertThat(revoke.log())
                    .containsExactly("Revoked " + keyId + " of alice; every process rejects it within 3 s.");
            awaitRejected(alice);
            DarkroomInstanceProcess list = run("keys", "list");
            assertThat(list.awaitExit()).isZero();
            assertThat(list.log()).hasSize(2).last().asString().contains(keyId, "alice", "user", "revoked");
        }
    }

    @Test
    void everyProcessRejectsRevokedKey() {
        // given two processes that have cached the key
        DatabaseUrl url = TestPostgres.migratedDatabase();
        settings.database(url);
        try (DarkroomInstance first = InProcessDarkroom.start(directory.resolve("one"), settings);
                DarkroomInstance second = InProcessDarkroom.start(directory.resolve("other"), settings)) {
            String key = TestApiKeys.create(url, "alice");
            ApiClient firstClient = first.client().withKey(key);
            ApiClient secondClient = second.client().withKey(key);
            assertThat(post(firstClient).status()).isEqualTo(202);
            assertThat(post(secondClient).status()).isEqualTo(202);

            // when
            try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(url)) {
                keyAdmin.revoke(key.substring(0, 19));
            }

            // then
            awaitRejected(firstClient);
            awaitRejected(secondClient);
        }
    }

    private static void awaitRejected(ApiClient client) {
        Awaitility.await("a rejected request")
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> post(client).status() == 401);
    }
}

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

/** API keys as an operator makes them and takes them back, and as callers use them. */
@Timeout(300)
class KeysCommandIT {
    @TempDir
    Path directory;

    private final DarkroomInstanceSettings settings =
            DarkroomInstanceSettings.forTests().with("DARKROOM_AUTH", "required");

    private DarkroomInstanceProcess run(String... arguments) {
        return DarkroomInstanceProcess.launch(directory, settings.environment(), List.of(SHARED_BINARIES), arguments);
    }

    private DarkroomInstanceProcess serve() {
        return DarkroomInstanceProcess.start(directory, settings.environment(), SHARED_BINARIES);
    }

    private String create(String... more) {
        DarkroomInstanceProcess keys = run(more);
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
    void withAKeyMadeBesideTheServiceAPictureIsMadeUntilItIsRevoked() {
        try (DarkroomInstanceProcess darkroom = serve()) {
            // given nobody yet
            ApiClient anybody = darkroom.client();
            assertProblem(post(anybody), 401, "unauthorized", "/api/generation");
            assertThat(post(anybody).header("WWW-Authenticate")).isEqualTo("Bearer realm=\"darkroom\"");

            // when
            String key = create("keys", "create", "--user", "alice", "--expires", "90d");

            // then
            ApiClient alice = anybody.withKey(key);
            String id = alice.create("A lighthouse");
            assertThat(alice.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            ApiClient.ApiResponse bad = post(anybody.withKey(key.substring(0, 83) + (key.endsWith("0") ? "1" : "0")));
            assertProblem(bad, 401, "unauthorized", "/api/generation");
            assertThat(bad.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"darkroom\", error=\"invalid_token\"");
            assertThat(darkroom.log()).noneMatch(line -> line.contains(key));

            // when
            String keyId = key.substring(0, 19);
            DarkroomInstanceProcess revoke = run("keys", "revoke", keyId);

            // then
            assertThat(revoke.awaitExit()).isZero();
            assertThat(revoke.log())
                    .containsExactly("Revoked " + keyId + " of alice; every process refuses it within 3 s.");
            awaitRefused(alice);
            DarkroomInstanceProcess list = run("keys", "list");
            assertThat(list.awaitExit()).isZero();
            assertThat(list.log()).hasSize(2).last().asString().contains(keyId, "alice", "user", "revoked");
        }
    }

    @Test
    void aRevokedKeyIsRefusedByEveryProcess() {
        // given two that have both seen the key
        DatabaseUrl url = TestPostgres.migratedDatabase();
        settings.database(url);
        try (DarkroomInstance one = InProcessDarkroom.start(directory.resolve("one"), settings);
                DarkroomInstance other = InProcessDarkroom.start(directory.resolve("other"), settings)) {
            String key = TestApiKeys.create(url, "alice");
            ApiClient atOne = one.client().withKey(key);
            ApiClient atOther = other.client().withKey(key);
            assertThat(post(atOne).status()).isEqualTo(202);
            assertThat(post(atOther).status()).isEqualTo(202);

            // when
            try (ApiKeyAdmin cabinet = ApiKeyAdmin.open(url)) {
                cabinet.revoke(key.substring(0, 19));
            }

            // then
            awaitRefused(atOne);
            awaitRefused(atOther);
        }
    }

    private static void awaitRefused(ApiClient client) {
        Awaitility.await("refused")
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> post(client).status() == 401);
    }
}

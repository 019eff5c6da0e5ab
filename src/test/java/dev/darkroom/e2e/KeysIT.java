package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomProcess.SHARED_BINARIES;
import static dev.darkroom.testing.Problems.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
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
class KeysIT {
    @TempDir
    Path directory;

    private final DarkroomSettings settings = DarkroomSettings.quick().with("DARKROOM_AUTH", "required");

    private DarkroomProcess run(String... arguments) {
        return DarkroomProcess.launch(directory, settings.environment(), List.of(SHARED_BINARIES), arguments);
    }

    private DarkroomProcess serve() {
        return DarkroomProcess.start(directory, settings.environment(), SHARED_BINARIES);
    }

    private String create(String... more) {
        DarkroomProcess keys = run(more);
        assertThat(keys.awaitExit()).as("%s", keys.errors()).isZero();
        assertThat(keys.errors()).singleElement().asString().contains("This is the only time that the key is shown");
        List<String> output = new ArrayList<>(keys.log());
        output.removeAll(keys.errors());
        assertThat(output).singleElement().asString().matches("dk_[0-9a-f]{16}_[0-9a-f]{64}");
        return output.get(0);
    }

    private static ApiClient.Answer post(ApiClient client) {
        return client.post(new JsonObject().put("prompt", "A lighthouse").encode());
    }

    @Test
    void withAKeyMadeBesideTheServiceAPictureIsMade() {
        try (DarkroomProcess darkroom = serve()) {
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
            ApiClient.Answer bad = post(anybody.withKey(key.substring(0, 83) + (key.endsWith("0") ? "1" : "0")));
            assertProblem(bad, 401, "unauthorized", "/api/generation");
            assertThat(bad.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"darkroom\", error=\"invalid_token\"");
            assertThat(darkroom.log()).noneMatch(line -> line.contains(key));
        }
    }

    @Test
    void aKeyRevokedBesideOneProcessIsRefusedByTheOther() {
        // given two processes that have both seen the key
        DatabaseUrl url = TestPostgres.newDatabase();
        settings.database(url);
        try (DarkroomProcess one = serve();
                DarkroomProcess other = serve()) {
            String key = create("keys", "create", "--user", "alice");
            ApiClient atOther = other.client().withKey(key);
            assertThat(post(one.client().withKey(key)).status()).isEqualTo(202);
            assertThat(post(atOther).status()).isEqualTo(202);

            // when
            String id = key.substring(0, 19);
            DarkroomProcess revoke = run("keys", "revoke", id);
            assertThat(revoke.awaitExit()).isZero();
            assertThat(revoke.log())
                    .containsExactly("Revoked " + id + " of alice; every process refuses it within 3 s.");

            // then
            Awaitility.await()
                    .atMost(Duration.ofSeconds(4))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> post(atOther).status() == 401);
            DarkroomProcess list = run("keys", "list");
            assertThat(list.awaitExit()).isZero();
            assertThat(list.log()).hasSize(2).last().asString().contains(id, "alice", "user", "never", "revoked");
        }
    }

    @Test
    void whatIsNoCommandIsRefusedInOneLine() {
        for (String[] wrong : List.of(
                new String[] {"keys"},
                new String[] {"keys", "create"},
                new String[] {"keys", "create", "--user", "a b"},
                new String[] {"keys", "create", "--user", "alice", "--role", "king"},
                new String[] {"keys", "create", "--user", "alice", "--expires", "soon"},
                new String[] {"keys", "create", "--user", "alice", "--expires", "1s"},
                new String[] {"keys", "list", "all"},
                new String[] {"keys", "revoke"})) {
            DarkroomProcess keys = run(wrong);
            assertThat(keys.awaitExit()).as("%s", (Object) wrong).isEqualTo(2);
            assertThat(keys.errors())
                    .as("%s", (Object) wrong)
                    .singleElement()
                    .asString()
                    .startsWith("darkroom: ");
        }
    }
}

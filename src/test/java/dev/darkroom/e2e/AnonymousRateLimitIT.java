package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rate limit per client address for requests without credentials. */
class AnonymousRateLimitIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_LIMITS_ANONYMOUS_PER_SECOND", "1")
            .with("DARKROOM_LIMITS_ANONYMOUS_BURST", "5"));

    private static ApiClient client(String user) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(service.database())) {
            keyAdmin.create(key, new Principal(user, Role.USER), null);
        }
        return service.client().withKey(key.secret());
    }

    @Test
    void rejectsAnonymousRequestsAboveLimitAndServesUsers() {
        // given
        ApiClient alice = client("alice");
        String id = alice.awaitEnd(alice.create("a lighthouse")).getString("id");
        String url = alice.get("/api/generation/" + id)
                .json()
                .getJsonArray("images")
                .getJsonObject(0)
                .getString("url");
        String link = url.substring(url.indexOf("/images/"));
        assertThat(service.client().get("/openapi.yaml").header("RateLimit-Policy"))
                .isEqualTo("\"requests\";q=5;w=5");

        for (String path : List.of("/openapi.yaml", link)) {
            // when
            ApiResponse rejected = Awaitility.await("a rejected request")
                    .atMost(Duration.ofSeconds(30))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> service.client().get(path), apiResponse -> apiResponse.status() != 200);

            // then
            assertProblem(rejected, 429, "too-many-requests", path.replaceFirst("\\?.*", ""));
            assertThat(rejected.header("Retry-After")).isEqualTo("1");
        }
        assertThat(alice.get("/api/generation").status()).isEqualTo(200);
    }
}

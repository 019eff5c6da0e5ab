package dev.darkroom.e2e;

import static dev.darkroom.testing.Problems.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.Role;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.DarkroomSettings;
import java.security.SecureRandom;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Callers who ask too often, and callers who guess. All of them have this machine's address, so who guesses comes last. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TooOftenIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomSettings.quick()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_LIMITS_REQUESTS_PER_SECOND", "1")
            .with("DARKROOM_LIMITS_BURST", "10")
            .with("DARKROOM_LIMITS_FAILED_LOGINS", "5"));

    private static ApiClient client(String user) {
        ApiKey key = ApiKey.mint(new SecureRandom());
        try (KeyCabinet cabinet = KeyCabinet.open(service.database())) {
            cabinet.add(key, new Caller(user, Role.USER), null);
        }
        return service.client().withKey(key.secret());
    }

    private static Answer ask(ApiClient client) {
        return client.get("/api/generation");
    }

    @Test
    @Order(1)
    void whoAsksTooOftenIsToldWhenToComeAgain() {
        // given
        ApiClient alice = client("alice");
        Answer first = ask(alice);
        assertThat(first.header("RateLimit-Policy")).isEqualTo("\"requests\";q=10;w=10");
        assertThat(first.header("RateLimit")).isEqualTo("\"requests\";r=9;t=1");

        // when
        Answer refused = Awaitility.await("a refusal")
                .atMost(Duration.ofSeconds(10))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> ask(alice), answer -> answer.status() != 200);

        // then
        assertProblem(refused, 429, "too-many-requests", "/api/generation");
        assertThat(refused.header("Retry-After")).isEqualTo("1");
        assertThat(refused.header("RateLimit")).startsWith("\"requests\";r=0;t=");
        assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"requests\";q=10;w=10");

        // and others may ask, and so may they after a while; errors tell what is left too
        assertThat(ask(client("bob")).status()).isEqualTo(200);
        Answer notFound = Awaitility.await("another turn")
                .atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(300))
                .until(
                        () -> alice.get("/api/generation/01a20919-f15c-75a9-bb7a-000000000000"),
                        answer -> answer.status() != 429);
        assertThat(notFound.status()).isEqualTo(404);
        assertThat(notFound.header("RateLimit")).isNotNull();
    }

    @Test
    @Order(2)
    void whatNeedsNoCallerIsNotLimited() {
        for (int i = 0; i < 30; i++) {
            Answer contract = service.client().get("/openapi.yaml");
            assertThat(contract.status()).isEqualTo(200);
            assertThat(contract.header("RateLimit")).isNull();
        }
    }

    @Test
    @Order(3)
    void whoGuessesIsNotLookedAtAnyMore() {
        // given a key that is good
        ApiClient carol = client("carol");
        assertThat(ask(carol).status()).isEqualTo(200);

        // when
        for (int i = 0; i < 5; i++) {
            ApiKey guess = ApiKey.mint(new SecureRandom());
            assertThat(ask(service.client().withKey(guess.secret())).status()).isEqualTo(401);
        }

        // then
        Answer refused =
                ask(service.client().withKey(ApiKey.mint(new SecureRandom()).secret()));
        assertProblem(refused, 429, "too-many-requests", "/api/generation");
        assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 12);
        assertThat(ask(carol).status()).isEqualTo(429);
        assertThat(service.client()
                        .get("/images/01a20919-f15c-75a9-bb7a-000000000000.png?expires=1&key=1&signature=x")
                        .status())
                .isEqualTo(429);

        // and who presents nothing is answered as ever
        assertThat(ask(service.client()).status()).isEqualTo(401);

        // and after a while there is another try
        Awaitility.await("room for another try")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> ask(carol).status() == 200);
    }
}

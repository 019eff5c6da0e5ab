package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What somebody came in with ends, or is not believed any more. */
class CredentialRevalidatorTest {
    private static final Instant END = Instant.parse("2026-11-23T18:00:00Z");

    private static Credential token(Instant end) {
        String claims = "{\"exp\":" + end.getEpochSecond() + ".9,\"sub\":\"alice\"}";
        return Credential.fromAuthorizationHeader("Bearer e30."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".x");
    }

    private static CredentialRevalidator rights(Instant now, AuthenticationException.Reason refused) {
        Authenticator authenticator = new Authenticator(
                true,
                key -> Future.succeededFuture(Optional.empty()),
                token -> refused == null
                        ? Future.succeededFuture(new Principal("alice", Role.USER))
                        : Future.failedFuture(new AuthenticationException(refused, "no")));
        return new CredentialRevalidator(authenticator, null, null, () -> now);
    }

    @Test
    void aTokenEndsWhenItsIssuerSays() {
        // given
        Credential token = token(END);

        // then
        assertThat(rights(END.minusSeconds(1), null)
                        .findExpiredOrRevoked(List.of(token))
                        .result())
                .isEmpty();
        assertThat(rights(END, null).findExpiredOrRevoked(List.of(token)).result())
                .containsExactly(token);
    }

    @Test
    void aTokenThatWouldNotBeLetInAnyMoreIsLostAndOneThatCannotBeJudgedIsNot() {
        // given
        Credential token = token(END);

        // then
        assertThat(rights(END, null).findInvalidated(List.of(token)).result()).isEmpty();
        assertThat(rights(END, AuthenticationException.Reason.UNAVAILABLE)
                        .findInvalidated(List.of(token))
                        .result())
                .isEmpty();
        assertThat(rights(END, AuthenticationException.Reason.INVALID_CREDENTIALS)
                        .findInvalidated(List.of(token))
                        .result())
                .containsExactly(token);
    }

    @Test
    void showsNoSecret() {
        assertThat(token(END)).hasToString("a token");
        assertThat(Credential.fromAuthorizationHeader(null)).isNull();
        assertThat(Credential.fromAuthorizationHeader("Bearer dk_0123456789abcdef_" + "ab".repeat(32)))
                .hasToString("an API key");
    }
}

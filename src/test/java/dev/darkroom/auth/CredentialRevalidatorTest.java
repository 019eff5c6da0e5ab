package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Revalidation of credentials that have expired or are no longer accepted. */
class CredentialRevalidatorTest {
    private static final Instant END = Instant.parse("2026-11-23T18:00:00Z");

    private static Credential token(Instant end) {
        String claims = "{\"exp\":" + end.getEpochSecond() + ".9,\"sub\":\"alice\"}";
        return Credential.fromAuthorizationHeader("Bearer e30."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".x");
    }

    private static CredentialRevalidator revalidator(Instant now, AuthenticationException.Reason failureReason) {
        Authenticator authenticator = new Authenticator(
                null,
                key -> Future.succeededFuture(Optional.empty()),
                token -> failureReason == null
                        ? Future.succeededFuture(new Principal("alice", Role.USER))
                        : Future.failedFuture(new AuthenticationException(failureReason, "no")));
        return new CredentialRevalidator(authenticator, null, null, () -> now);
    }

    @Test
    void expiresTokenAtItsExp() {
        // given
        Credential token = token(END);

        // then
        assertThat(revalidator(END.minusSeconds(1), null)
                        .findExpiredOrRevoked(List.of(token))
                        .result())
                .isEmpty();
        assertThat(revalidator(END, null).findExpiredOrRevoked(List.of(token)).result())
                .containsExactly(token);
    }

    @Test
    void invalidatesRejectedTokenButNotUnverifiableToken() {
        // given
        Credential token = token(END);

        // then
        assertThat(revalidator(END, null).findInvalidated(List.of(token)).result())
                .isEmpty();
        assertThat(revalidator(END, AuthenticationException.Reason.UNAVAILABLE)
                        .findInvalidated(List.of(token))
                        .result())
                .isEmpty();
        assertThat(revalidator(END, AuthenticationException.Reason.INVALID_CREDENTIALS)
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

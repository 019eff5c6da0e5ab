package dev.darkroom.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What somebody came in with ends, or is not believed any more. */
class RightsTest {
    private static final Instant END = Instant.parse("2026-11-23T18:00:00Z");

    private static Credential token(Instant end) {
        String claims = "{\"exp\":" + end.getEpochSecond() + ".9,\"sub\":\"alice\"}";
        return Credential.presented("Bearer e30."
                + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(StandardCharsets.UTF_8))
                + ".x");
    }

    private static Rights rights(Instant now, Refused.Why refused) {
        Doorkeeper doorkeeper = new Doorkeeper(
                true,
                key -> Future.succeededFuture(Optional.empty()),
                token -> refused == null
                        ? Future.succeededFuture(new Caller("alice", Role.USER))
                        : Future.failedFuture(new Refused(refused, "no")));
        return new Rights(doorkeeper, null, null, () -> now);
    }

    @Test
    void aTokenEndsWhenItsIssuerSays() {
        // given
        Credential token = token(END);

        // then
        assertThat(rights(END.minusSeconds(1), null).ended(List.of(token)).result())
                .isEmpty();
        assertThat(rights(END, null).ended(List.of(token)).result()).containsExactly(token);
    }

    @Test
    void aTokenThatWouldNotBeLetInAnyMoreIsLostAndOneThatCannotBeJudgedIsNot() {
        // given
        Credential token = token(END);

        // then
        assertThat(rights(END, null).lost(List.of(token)).result()).isEmpty();
        assertThat(rights(END, Refused.Why.CANNOT_TELL).lost(List.of(token)).result())
                .isEmpty();
        assertThat(rights(END, Refused.Why.NOT_GOOD).lost(List.of(token)).result())
                .containsExactly(token);
    }

    @Test
    void showsNoSecret() {
        assertThat(token(END)).hasToString("a token");
        assertThat(Credential.presented(null)).isNull();
        assertThat(Credential.presented("Bearer dk_0123456789abcdef_" + "ab".repeat(32)))
                .hasToString("an API key");
    }
}

package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.net.ConnectException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, and by what. */
class AuthenticatorTest {
    private static final Principal ALICE = new Principal("alice", Role.USER);
    private static final ApiKey ALICES = ApiKey.generate(new SecureRandom());
    private static final ApiKey NOBODYS = ApiKey.generate(new SecureRandom());
    private static final Map<String, Principal> OWNERS = Map.of(ALICES.hash(), ALICE);

    private static Authenticator doorkeeper(boolean required) {
        return new Authenticator(
                required, key -> Future.succeededFuture(Optional.ofNullable(OWNERS.get(key.hash()))), null);
    }

    private static AuthenticationException.Reason whyNot(Future<Principal> caller) {
        assertThat(caller.failed()).isTrue();
        return ((AuthenticationException) caller.cause()).reason();
    }

    @Test
    void whoPresentsNothingIsEverybodyWhereNothingIsRequired() {
        assertThat(doorkeeper(false).authenticate(null).result()).isEqualTo(Principal.LOCAL);
        assertThat(whyNot(doorkeeper(true).authenticate(null)))
                .isEqualTo(AuthenticationException.Reason.MISSING_CREDENTIALS);
    }

    @ParameterizedTest
    @CsvSource({"Bearer,' '", "bearer,' '", "BEARER,'   '"})
    void whoPresentsAKeyIsItsOwnerEverywhere(String scheme, String space) {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(doorkeeper(required)
                            .authenticate(scheme + space + ALICES.secret())
                            .result())
                    .isEqualTo(ALICE);
        }
    }

    @Test
    void aKeyOfNobodyIsRefusedAlsoWhereNothingIsRequired() {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(whyNot(doorkeeper(required).authenticate("Bearer " + NOBODYS.secret())))
                    .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer dk_", "Basic YWxpY2U6c2VjcmV0", "Bearer a b"})
    void whatIsNoKeyIsRefused(String authorization) {
        assertThat(whyNot(doorkeeper(false).authenticate(authorization)))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
    }

    @Test
    void whenTheDatabaseIsAwayNobodyIsTakenForAStranger() {
        // given
        Authenticator authenticator =
                new Authenticator(true, key -> Future.failedFuture(new ConnectException("away")), null);

        // when
        Future<Principal> caller = authenticator.authenticate("Bearer " + ALICES.secret());

        // then
        assertThat(whyNot(caller)).isEqualTo(AuthenticationException.Reason.UNAVAILABLE);
    }

    @Test
    void whatIsNoKeyIsATokenWhereTokensAreAccepted() {
        // given
        List<String> judged = new ArrayList<>();
        Authenticator authenticator =
                new Authenticator(true, key -> Future.succeededFuture(Optional.empty()), token -> {
                    judged.add(token);
                    return Future.succeededFuture(ALICE);
                });

        // when
        Future<Principal> caller = authenticator.authenticate("Bearer eyJ.eyJ.sig");

        // then keys do not become tokens, good or bad
        assertThat(caller.result()).isEqualTo(ALICE);
        assertThat(whyNot(authenticator.authenticate("Bearer " + NOBODYS.secret())))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        assertThat(whyNot(authenticator.authenticate("Bearer dk_0123456789abcdef")))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        assertThat(whyNot(authenticator.authenticate(null)))
                .isEqualTo(AuthenticationException.Reason.MISSING_CREDENTIALS);
        assertThat(judged).containsExactly("eyJ.eyJ.sig");
    }

    @Test
    void whereNoTokensAreAcceptedNoneIs() {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(whyNot(doorkeeper(required).authenticate("Bearer eyJhbGciOiJub25lIn0.e30.")))
                    .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        }
    }
}

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

/** Authentication by the {@code Authorization} header, with fake lookups. */
class AuthenticatorTest {
    private static final Principal ALICE = new Principal("alice", Role.USER);
    private static final ApiKey ALICE_KEY = ApiKey.generate(new SecureRandom());
    private static final ApiKey UNKNOWN_KEY = ApiKey.generate(new SecureRandom());
    private static final Map<String, Principal> OWNERS = Map.of(ALICE_KEY.hash(), ALICE);

    private static Authenticator authenticator(boolean required) {
        return new Authenticator(
                required ? null : Principal.LOCAL_USER,
                key -> Future.succeededFuture(Optional.ofNullable(OWNERS.get(key.hash()))),
                null);
    }

    private static AuthenticationException.Reason failureReason(Future<Principal> result) {
        assertThat(result.failed()).isTrue();
        return ((AuthenticationException) result.cause()).reason();
    }

    @Test
    void usesLocalUserWithoutCredentialOnlyIfOptional() {
        assertThat(authenticator(false).authenticate(null).result()).isEqualTo(Principal.LOCAL_USER);
        assertThat(failureReason(authenticator(true).authenticate(null)))
                .isEqualTo(AuthenticationException.Reason.MISSING_CREDENTIALS);
    }

    @ParameterizedTest
    @CsvSource({"Bearer,' '", "bearer,' '", "BEARER,'   '"})
    void authenticatesOwnerOfKey(String scheme, String space) {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(authenticator(required)
                            .authenticate(scheme + space + ALICE_KEY.secret())
                            .result())
                    .isEqualTo(ALICE);
        }
    }

    @Test
    void acceptsTheKeyOfTheLocalUserOnlyIfOptional() {
        assertThat(authenticator(false).authenticate("Bearer local").result()).isEqualTo(Principal.LOCAL_USER);
        assertThat(failureReason(authenticator(true).authenticate("Bearer local")))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
    }

    @Test
    void rejectsUnknownKeyAlsoIfOptional() {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(failureReason(authenticator(required).authenticate("Bearer " + UNKNOWN_KEY.secret())))
                    .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer dk_", "Basic YWxpY2U6c2VjcmV0", "Bearer a b"})
    void rejectsMalformedCredential(String authorization) {
        assertThat(failureReason(authenticator(false).authenticate(authorization)))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
    }

    @Test
    void reportsUnavailableWhenDatabaseIsUnavailable() {
        // given
        Authenticator authenticator =
                new Authenticator(null, key -> Future.failedFuture(new ConnectException("database unavailable")), null);

        // when
        Future<Principal> principal = authenticator.authenticate("Bearer " + ALICE_KEY.secret());

        // then
        assertThat(failureReason(principal)).isEqualTo(AuthenticationException.Reason.UNAVAILABLE);
    }

    @Test
    void passesOtherCredentialsToJwtLookup() {
        // given
        List<String> verifiedTokens = new ArrayList<>();
        Authenticator authenticator =
                new Authenticator(null, key -> Future.succeededFuture(Optional.empty()), token -> {
                    verifiedTokens.add(token);
                    return Future.succeededFuture(ALICE);
                });

        // when
        Future<Principal> principal = authenticator.authenticate("Bearer eyJ.eyJ.sig");

        // then no API key is passed on, whether valid or not
        assertThat(principal.result()).isEqualTo(ALICE);
        assertThat(failureReason(authenticator.authenticate("Bearer " + UNKNOWN_KEY.secret())))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        assertThat(failureReason(authenticator.authenticate("Bearer dk_0123456789abcdef")))
                .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        assertThat(failureReason(authenticator.authenticate(null)))
                .isEqualTo(AuthenticationException.Reason.MISSING_CREDENTIALS);
        assertThat(verifiedTokens).containsExactly("eyJ.eyJ.sig");
    }

    @Test
    void rejectsTokenIfJwtIsDisabled() {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(failureReason(authenticator(required).authenticate("Bearer eyJhbGciOiJub25lIn0.e30.")))
                    .isEqualTo(AuthenticationException.Reason.INVALID_CREDENTIALS);
        }
    }
}

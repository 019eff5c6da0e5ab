package dev.darkroom.access;

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
class DoorkeeperTest {
    private static final Caller ALICE = new Caller("alice", Role.USER);
    private static final ApiKey ALICES = ApiKey.mint(new SecureRandom());
    private static final ApiKey NOBODYS = ApiKey.mint(new SecureRandom());
    private static final Map<String, Caller> OWNERS = Map.of(ALICES.hash(), ALICE);

    private static Doorkeeper doorkeeper(boolean required) {
        return new Doorkeeper(
                required, key -> Future.succeededFuture(Optional.ofNullable(OWNERS.get(key.hash()))), null);
    }

    private static Refused.Why whyNot(Future<Caller> caller) {
        assertThat(caller.failed()).isTrue();
        return ((Refused) caller.cause()).why();
    }

    @Test
    void whoPresentsNothingIsEverybodyWhereNothingIsRequired() {
        assertThat(doorkeeper(false).admit(null).result()).isEqualTo(Caller.LOCAL);
        assertThat(whyNot(doorkeeper(true).admit(null))).isEqualTo(Refused.Why.NOTHING_PRESENTED);
    }

    @ParameterizedTest
    @CsvSource({"Bearer,' '", "bearer,' '", "BEARER,'   '"})
    void whoPresentsAKeyIsItsOwnerEverywhere(String scheme, String space) {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(doorkeeper(required)
                            .admit(scheme + space + ALICES.secret())
                            .result())
                    .isEqualTo(ALICE);
        }
    }

    @Test
    void aKeyOfNobodyIsRefusedAlsoWhereNothingIsRequired() {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(whyNot(doorkeeper(required).admit("Bearer " + NOBODYS.secret())))
                    .isEqualTo(Refused.Why.NOT_GOOD);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer ", "Bearer dk_", "Basic YWxpY2U6c2VjcmV0", "Bearer a b"})
    void whatIsNoKeyIsRefused(String authorization) {
        assertThat(whyNot(doorkeeper(false).admit(authorization))).isEqualTo(Refused.Why.NOT_GOOD);
    }

    @Test
    void whenTheDatabaseIsAwayNobodyIsTakenForAStranger() {
        // given
        Doorkeeper doorkeeper = new Doorkeeper(true, key -> Future.failedFuture(new ConnectException("away")), null);

        // when
        Future<Caller> caller = doorkeeper.admit("Bearer " + ALICES.secret());

        // then
        assertThat(whyNot(caller)).isEqualTo(Refused.Why.CANNOT_TELL);
    }

    @Test
    void whatIsNoKeyIsATokenWhereTokensAreAccepted() {
        // given
        List<String> judged = new ArrayList<>();
        Doorkeeper doorkeeper = new Doorkeeper(true, key -> Future.succeededFuture(Optional.empty()), token -> {
            judged.add(token);
            return Future.succeededFuture(ALICE);
        });

        // when
        Future<Caller> caller = doorkeeper.admit("Bearer eyJ.eyJ.sig");

        // then keys do not become tokens, good or bad
        assertThat(caller.result()).isEqualTo(ALICE);
        assertThat(whyNot(doorkeeper.admit("Bearer " + NOBODYS.secret()))).isEqualTo(Refused.Why.NOT_GOOD);
        assertThat(whyNot(doorkeeper.admit("Bearer dk_0123456789abcdef"))).isEqualTo(Refused.Why.NOT_GOOD);
        assertThat(whyNot(doorkeeper.admit(null))).isEqualTo(Refused.Why.NOTHING_PRESENTED);
        assertThat(judged).containsExactly("eyJ.eyJ.sig");
    }

    @Test
    void whereNoTokensAreAcceptedNoneIs() {
        for (boolean required : new boolean[] {false, true}) {
            assertThat(whyNot(doorkeeper(required).admit("Bearer eyJhbGciOiJub25lIn0.e30.")))
                    .isEqualTo(Refused.Why.NOT_GOOD);
        }
    }
}

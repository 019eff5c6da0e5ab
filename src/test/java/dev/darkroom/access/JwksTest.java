package dev.darkroom.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.SigningKey;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** When the keys of an issuer are fetched, and what holds while they cannot be. The clock is the test's. */
class JwksTest {
    private static final IssuerKey OLD = key();
    private static final IssuerKey NEW = key();

    private static Vertx vertx;

    private final AtomicLong clock = new AtomicLong(12345);
    private final AtomicInteger fetches = new AtomicInteger();
    private Supplier<Future<Map<String, IssuerKey>>> issuer = () -> Future.succeededFuture(Map.of("old", OLD));
    private final Jwks jwks = new Jwks(
            vertx,
            () -> {
                fetches.incrementAndGet();
                return issuer.get();
            },
            clock::get);

    private static IssuerKey key() {
        try {
            return new IssuerKey(PublicKeyFile.parse(SigningKey.ed25519("k").pem()), null);
        } catch (java.security.GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private void issuerIsAway() {
        issuer = () -> Future.failedFuture(new IOException("away"));
    }

    private Optional<IssuerKey> named(String id) throws Exception {
        return jwks.named(id).await(60, TimeUnit.SECONDS);
    }

    private void assertCannotTell(String id) {
        CompletableFuture<?> key = jwks.named(id).toCompletionStage().toCompletableFuture();
        assertThat(key)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.why()).isEqualTo(Refused.Why.CANNOT_TELL));
    }

    @Test
    void keysAreFetchedOnceAndThenKnown() throws Exception {
        // when
        for (int i = 0; i < 100; i++) {
            assertThat(named("old")).contains(OLD);
        }

        // then
        assertThat(fetches).hasValue(1);
        assertThat(jwks.named("old").isComplete()).isTrue();
    }

    @Test
    void aNewKeyIsFoundByItsName() throws Exception {
        // given
        named("old");
        issuer = () -> Future.succeededFuture(Map.of("old", OLD, "new", NEW));
        pass(Jwks.SPACING);

        // when
        Optional<IssuerKey> found = named("new");

        // then
        assertThat(found).contains(NEW);
        assertThat(named("old")).contains(OLD);
        assertThat(fetches).hasValue(2);
    }

    @Test
    void aFloodOfUnknownNamesIsNoFloodOfFetches() throws Exception {
        // given
        named("old");

        // when ten thousand strangers take a minute
        for (int i = 0; i < 10_000; i++) {
            assertThat(named("stranger-" + i)).isEmpty();
            pass(Duration.ofMillis(6));
        }

        // then one for each spacing, and not one more
        assertThat(fetches).hasValue(1 + 11);
    }

    @Test
    void aTokenWithoutANameOfAKeyCostsNoFetch() throws Exception {
        assertThat(named(null)).isEmpty();
        assertThat(fetches).hasValue(0);
    }

    @Test
    void allWaitForOneFetchEachOnItsOwnContext() throws Exception {
        // given
        Promise<Map<String, IssuerKey>> slow = Promise.promise();
        issuer = slow::future;
        List<CompletableFuture<Boolean>> home = new ArrayList<>();
        CompletableFuture<Void> allAsked = new CompletableFuture<>();
        AtomicInteger asking = new AtomicInteger();

        // when
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Boolean> at = new CompletableFuture<>();
            home.add(at);
            vertx.runOnContext(go -> {
                Context here = vertx.getOrCreateContext();
                jwks.named("old").onSuccess(key -> at.complete(key.isPresent() && vertx.getOrCreateContext() == here));
                if (asking.incrementAndGet() == 20) {
                    allAsked.complete(null);
                }
            });
        }
        allAsked.get(60, TimeUnit.SECONDS);
        slow.complete(Map.of("old", OLD));

        // then
        for (CompletableFuture<Boolean> at : home) {
            assertThat(at.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(fetches).hasValue(1);
    }

    @Test
    void nobodyWhoseKeyIsKnownWaitsForAFetch() throws Exception {
        // given
        named("old");
        Promise<Map<String, IssuerKey>> slow = Promise.promise();
        issuer = slow::future;
        pass(Jwks.FRESH);

        // when
        Future<Optional<IssuerKey>> meanwhile = jwks.named("old");

        // then
        assertThat(meanwhile.result()).contains(OLD);
        assertThat(fetches).hasValue(2);
        slow.complete(Map.of("new", NEW));
        assertThat(named("old")).isEmpty();
        assertThat(named("new")).contains(NEW);
    }

    @Test
    void withoutAnyKeyItCannotBeTold() {
        // given
        issuerIsAway();

        // then, and nobody asks again at once
        for (int i = 0; i < 100; i++) {
            assertCannotTell("old");
        }
        assertThat(fetches).hasValue(1);
    }

    @Test
    void theIssuerIsFoundAgain() throws Exception {
        // given
        issuerIsAway();
        assertCannotTell("old");

        // when
        issuer = () -> Future.succeededFuture(Map.of("old", OLD));
        pass(Jwks.SPACING);

        // then
        assertThat(named("old")).contains(OLD);
    }

    @Test
    void whileTheIssuerIsAwayKnownKeysAreGoodForAnHour() throws Exception {
        // given
        named("old");
        issuerIsAway();

        // when
        pass(Jwks.KEPT.minusNanos(1));

        // then
        assertThat(named("old")).contains(OLD);
        assertCannotTell("new");
        pass(Duration.ofNanos(1));
        assertCannotTell("old");
    }

    @Test
    void aSourceThatThrowsHasFailedLikeAnyOther() {
        // given
        issuer = () -> {
            throw new IllegalStateException("closed");
        };

        // then
        assertCannotTell("old");
        pass(Jwks.SPACING);
        assertCannotTell("old");
        assertThat(fetches).hasValue(2);
    }
}

package dev.darkroom.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.testing.JwtSigningKey;
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
class JwksCacheTest {
    private static final JwtVerificationKey OLD = key();
    private static final JwtVerificationKey NEW = key();

    private static Vertx vertx;

    private final AtomicLong clock = new AtomicLong(12345);
    private final AtomicInteger fetches = new AtomicInteger();
    private Supplier<Future<Map<String, JwtVerificationKey>>> issuer = () -> Future.succeededFuture(Map.of("old", OLD));
    private final JwksCache jwksCache = new JwksCache(
            vertx,
            () -> {
                fetches.incrementAndGet();
                return issuer.get();
            },
            clock::get);

    private static JwtVerificationKey key() {
        try {
            return new JwtVerificationKey(
                    PublicKeyFileReader.parse(JwtSigningKey.ed25519("k").pem()), null);
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

    private Optional<JwtVerificationKey> named(String id) throws Exception {
        return jwksCache.findByKeyId(id).await(60, TimeUnit.SECONDS);
    }

    private void assertCannotTell(String id) {
        CompletableFuture<?> key = jwksCache.findByKeyId(id).toCompletionStage().toCompletableFuture();
        assertThat(key)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        AuthenticationException.class,
                        authenticationException -> assertThat(authenticationException.reason())
                                .isEqualTo(AuthenticationException.Reason.UNAVAILABLE));
    }

    @Test
    void keysAreFetchedOnceAndThenKnown() throws Exception {
        // when
        for (int i = 0; i < 100; i++) {
            assertThat(named("old")).contains(OLD);
        }

        // then
        assertThat(fetches).hasValue(1);
        assertThat(jwksCache.findByKeyId("old").isComplete()).isTrue();
    }

    @Test
    void aNewKeyIsFoundByItsName() throws Exception {
        // given
        named("old");
        issuer = () -> Future.succeededFuture(Map.of("old", OLD, "new", NEW));
        pass(JwksCache.MIN_FETCH_INTERVAL);

        // when
        Optional<JwtVerificationKey> found = named("new");

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
        Promise<Map<String, JwtVerificationKey>> slow = Promise.promise();
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
                jwksCache
                        .findByKeyId("old")
                        .onSuccess(key -> at.complete(key.isPresent() && vertx.getOrCreateContext() == here));
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
        Promise<Map<String, JwtVerificationKey>> slow = Promise.promise();
        issuer = slow::future;
        pass(JwksCache.REFRESH_AFTER);

        // when
        Future<Optional<JwtVerificationKey>> meanwhile = jwksCache.findByKeyId("old");

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
        pass(JwksCache.MIN_FETCH_INTERVAL);

        // then
        assertThat(named("old")).contains(OLD);
    }

    @Test
    void whileTheIssuerIsAwayKnownKeysAreGoodForAnHour() throws Exception {
        // given
        named("old");
        issuerIsAway();

        // when
        pass(JwksCache.EXPIRE_AFTER.minusNanos(1));

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
        pass(JwksCache.MIN_FETCH_INTERVAL);
        assertCannotTell("old");
        assertThat(fetches).hasValue(2);
    }
}

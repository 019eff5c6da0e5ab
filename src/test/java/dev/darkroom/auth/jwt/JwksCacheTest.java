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

/** Times of JWKS fetches, and the use of cached keys while the issuer is unavailable. The clock is controlled by the test. */
class JwksCacheTest {
    private static final JwtVerificationKey OLD_KEY = key();
    private static final JwtVerificationKey NEW_KEY = key();

    private static Vertx vertx;

    private final AtomicLong clock = new AtomicLong(12345);
    private final AtomicInteger fetches = new AtomicInteger();
    private Supplier<Future<Map<String, JwtVerificationKey>>> fetcher =
            () -> Future.succeededFuture(Map.of("old", OLD_KEY));
    private final JwksCache jwksCache = new JwksCache(
            vertx,
            () -> {
                fetches.incrementAndGet();
                return fetcher.get();
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

    private void advanceClock(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private void makeIssuerUnavailable() {
        fetcher = () -> Future.failedFuture(new IOException("issuer unavailable"));
    }

    private Optional<JwtVerificationKey> findKey(String id) throws Exception {
        return jwksCache.findByKeyId(id).await(60, TimeUnit.SECONDS);
    }

    private void assertUnavailable(String id) {
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
    void fetchesOnceAndCaches() throws Exception {
        // when
        for (int i = 0; i < 100; i++) {
            assertThat(findKey("old")).contains(OLD_KEY);
        }

        // then
        assertThat(fetches).hasValue(1);
        assertThat(jwksCache.findByKeyId("old").isComplete()).isTrue();
    }

    @Test
    void fetchesAgainForUnknownKeyId() throws Exception {
        // given
        findKey("old");
        fetcher = () -> Future.succeededFuture(Map.of("old", OLD_KEY, "new", NEW_KEY));
        advanceClock(JwksCache.MIN_FETCH_INTERVAL);

        // when
        Optional<JwtVerificationKey> found = findKey("new");

        // then
        assertThat(found).contains(NEW_KEY);
        assertThat(findKey("old")).contains(OLD_KEY);
        assertThat(fetches).hasValue(2);
    }

    @Test
    void limitsFetchesForUnknownKeyIds() throws Exception {
        // given
        findKey("old");

        // when 10,000 tokens with unknown key IDs arrive within a minute
        for (int i = 0; i < 10_000; i++) {
            assertThat(findKey("unknown-" + i)).isEmpty();
            advanceClock(Duration.ofMillis(6));
        }

        // then one fetch per MIN_FETCH_INTERVAL
        assertThat(fetches).hasValue(1 + 11);
    }

    @Test
    void doesNotFetchForTokenWithoutKeyId() throws Exception {
        assertThat(findKey(null)).isEmpty();
        assertThat(fetches).hasValue(0);
    }

    @Test
    void sharesOneFetchAndCompletesOnCallerContext() throws Exception {
        // given
        Promise<Map<String, JwtVerificationKey>> slow = Promise.promise();
        fetcher = slow::future;
        List<CompletableFuture<Boolean>> completions = new ArrayList<>();
        CompletableFuture<Void> allCalled = new CompletableFuture<>();
        AtomicInteger calls = new AtomicInteger();

        // when
        for (int i = 0; i < 20; i++) {
            CompletableFuture<Boolean> completion = new CompletableFuture<>();
            completions.add(completion);
            vertx.runOnContext(start -> {
                Context context = vertx.getOrCreateContext();
                jwksCache
                        .findByKeyId("old")
                        .onSuccess(
                                key -> completion.complete(key.isPresent() && vertx.getOrCreateContext() == context));
                if (calls.incrementAndGet() == 20) {
                    allCalled.complete(null);
                }
            });
        }
        allCalled.get(60, TimeUnit.SECONDS);
        slow.complete(Map.of("old", OLD_KEY));

        // then
        for (CompletableFuture<Boolean> completion : completions) {
            assertThat(completion.get(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(fetches).hasValue(1);
    }

    @Test
    void returnsCachedKeyDuringRefresh() throws Exception {
        // given
        findKey("old");
        Promise<Map<String, JwtVerificationKey>> slow = Promise.promise();
        fetcher = slow::future;
        advanceClock(JwksCache.REFRESH_AFTER);

        // when
        Future<Optional<JwtVerificationKey>> duringRefresh = jwksCache.findByKeyId("old");

        // then
        assertThat(duringRefresh.result()).contains(OLD_KEY);
        assertThat(fetches).hasValue(2);
        slow.complete(Map.of("new", NEW_KEY));
        assertThat(findKey("old")).isEmpty();
        assertThat(findKey("new")).contains(NEW_KEY);
    }

    @Test
    void failsWithoutAnyFetchedKeys() {
        // given
        makeIssuerUnavailable();

        // then, and no fetch is repeated within MIN_FETCH_INTERVAL
        for (int i = 0; i < 100; i++) {
            assertUnavailable("old");
        }
        assertThat(fetches).hasValue(1);
    }

    @Test
    void recoversWhenIssuerIsAvailableAgain() throws Exception {
        // given
        makeIssuerUnavailable();
        assertUnavailable("old");

        // when
        fetcher = () -> Future.succeededFuture(Map.of("old", OLD_KEY));
        advanceClock(JwksCache.MIN_FETCH_INTERVAL);

        // then
        assertThat(findKey("old")).contains(OLD_KEY);
    }

    @Test
    void usesCachedKeysForAnHourWhileIssuerIsUnavailable() throws Exception {
        // given
        findKey("old");
        makeIssuerUnavailable();

        // when
        advanceClock(JwksCache.EXPIRE_AFTER.minusNanos(1));

        // then
        assertThat(findKey("old")).contains(OLD_KEY);
        assertUnavailable("new");
        advanceClock(Duration.ofNanos(1));
        assertUnavailable("old");
    }

    @Test
    void handlesFetcherException() {
        // given
        fetcher = () -> {
            throw new IllegalStateException("closed");
        };

        // then
        assertUnavailable("old");
        advanceClock(JwksCache.MIN_FETCH_INTERVAL);
        assertUnavailable("old");
        assertThat(fetches).hasValue(2);
    }
}

package dev.darkroom.auth.jwt;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.cache.RefreshingValue;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Caches the keys that an issuer publishes at its JWKS URL. Keys older than {@link #REFRESH_AFTER} are fetched again in the background.
 * A token with an unknown {@code kid} causes a fetch, since its key may be new. Any client can send unknown IDs: one fetch runs at a
 * time, and none starts within {@link #MIN_FETCH_INTERVAL} of the last. While the issuer is unavailable, cached keys stay valid for
 * {@link #EXPIRE_AFTER}.
 *
 * <p>Thread-safe; nothing blocks.
 */
final class JwksCache {
    private static final Logger LOG = LoggerFactory.getLogger(JwksCache.class);

    /** Age after which the next use fetches the keys again. Bounds the time for which a withdrawn key is accepted. */
    static final Duration REFRESH_AFTER = Duration.ofMinutes(5);

    /**
     * Age after which cached keys are no longer used. Longer than a restart of the issuer. Also bounds the time for which an attacker
     * can keep a withdrawn key valid by blocking the fetch.
     */
    static final Duration EXPIRE_AFTER = Duration.ofHours(1);

    /** From the start of one fetch to the start of the next. */
    static final Duration MIN_FETCH_INTERVAL = Duration.ofSeconds(5);

    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(REFRESH_AFTER, EXPIRE_AFTER, MIN_FETCH_INTERVAL, Duration.ofSeconds(30));

    private final Supplier<Future<Map<String, JwtVerificationKey>>> fetcher;
    private final RefreshingValue<Map<String, JwtVerificationKey>> keys;

    // State of the log messages. Guarded by this.
    private Set<String> knownKeyIds = Set.of();
    private boolean fetchFailed;

    /** @param fetcher returns the keys by {@code kid}, at least one; see {@link JwksClient#fetchKeys} */
    JwksCache(Vertx vertx, Supplier<Future<Map<String, JwtVerificationKey>>> fetcher, Ticker clock) {
        this.fetcher = fetcher;
        this.keys = new RefreshingValue<>(vertx, this::fetch, REFRESH_POLICY, clock::read);
    }

    /** Starts the first fetch, so that a wrong URL is logged at start-up and not with the first request. */
    void startFetch() {
        keys.reload();
    }

    /**
     * Returns the key with an ID; empty when the issuer has no such key. Completes on the caller's context, immediately if cached.
     *
     * @param id the {@code kid} of the token (RFC 7515, section 4.1.4); null when absent
     * @return fails with an {@code AuthenticationException} when the keys are unavailable
     */
    Future<Optional<JwtVerificationKey>> findByKeyId(String id) {
        if (id == null) {
            return Future.succeededFuture(Optional.empty());
        }
        return keys.get()
                .compose(found -> found.containsKey(id) ? Future.succeededFuture(found) : keys.reload())
                .transform(found -> found.failed()
                        ? Future.failedFuture(new AuthenticationException(
                                AuthenticationException.Reason.UNAVAILABLE,
                                "the keys of the token issuer are unavailable"))
                        : Future.succeededFuture(
                                Optional.ofNullable(found.result().get(id))));
    }

    private Future<Map<String, JwtVerificationKey>> fetch() {
        // Turns an exception of the fetcher into a failed future.
        return Future.succeededFuture().compose(start -> fetcher.get()).onComplete(this::logResult);
    }

    /** Returns the message with that of the root cause, which alone explains certificate errors. */
    private static String describe(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = String.valueOf(failure.getMessage());
        String cause = String.valueOf(root.getMessage());
        return message.contains(cause) ? message : message + ": " + cause;
    }

    private synchronized void logResult(AsyncResult<Map<String, JwtVerificationKey>> fetched) {
        if (fetched.failed()) {
            if (!fetchFailed) {
                LOG.atWarn()
                        .addKeyValue("reason", describe(fetched.cause()))
                        .addKeyValue("known", knownKeyIds.size())
                        .log("JWKS fetch failed");
            }
            fetchFailed = true;
            return;
        }
        if (fetchFailed || !knownKeyIds.equals(fetched.result().keySet())) {
            LOG.atInfo().addKeyValue("keys", fetched.result().size()).log("JWKS loaded");
        }
        fetchFailed = false;
        knownKeyIds = fetched.result().keySet();
    }
}

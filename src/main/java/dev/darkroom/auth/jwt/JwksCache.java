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
 * The keys that an issuer publishes, remembered. They are fetched again when they are not {@link #REFRESH_AFTER} any more, which nobody waits
 * for, and when a token names one that is not among them, which is how a new key is noticed. Strangers can name keys as they like: so
 * there is one fetch at a time, and none within {@link #MIN_FETCH_INTERVAL} of the last. While the issuer is away, what is known is good for
 * {@link #EXPIRE_AFTER}.
 *
 * <p>Thread-safe; nothing blocks.
 */
final class JwksCache implements JwtKeySource {
    private static final Logger LOG = LoggerFactory.getLogger(JwksCache.class);

    /** So soon a key that the issuer took back is not believed any more. */
    static final Duration REFRESH_AFTER = Duration.ofMinutes(5);

    /** Longer than an issuer restarts, shorter than anybody may hide from us that a key was taken back. */
    static final Duration EXPIRE_AFTER = Duration.ofHours(1);

    /** From the start of one fetch to the start of the next. */
    static final Duration MIN_FETCH_INTERVAL = Duration.ofSeconds(5);

    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(REFRESH_AFTER, EXPIRE_AFTER, MIN_FETCH_INTERVAL, Duration.ofSeconds(30));

    private final Supplier<Future<Map<String, JwtVerificationKey>>> fetcher;
    private final RefreshingValue<Map<String, JwtVerificationKey>> keys;

    // For the log alone. Guarded by this.
    private Set<String> knownKeyIds = Set.of();
    private boolean fetchFailed;

    /** @param source the keys by their names, at least one; as {@link JwksClient#fetchKeys} */
    JwksCache(Vertx vertx, Supplier<Future<Map<String, JwtVerificationKey>>> source, Ticker clock) {
        this.fetcher = source;
        this.keys = new RefreshingValue<>(vertx, this::fetch, REFRESH_POLICY, clock::read);
    }

    /** Begins to fetch, so that what is wrong with the address is in the log before anybody calls. */
    void startFetch() {
        keys.reload();
    }

    @Override
    public Future<Optional<JwtVerificationKey>> findByKeyId(String id) {
        if (id == null) {
            return Future.succeededFuture(Optional.empty());
        }
        return keys.get()
                .compose(found -> found.containsKey(id) ? Future.succeededFuture(found) : keys.reload())
                .transform(found -> found.failed()
                        ? Future.failedFuture(new AuthenticationException(
                                AuthenticationException.Reason.UNAVAILABLE,
                                "the keys of the issuer of tokens are away"))
                        : Future.succeededFuture(
                                Optional.ofNullable(found.result().get(id))));
    }

    private Future<Map<String, JwtVerificationKey>> fetch() {
        // A source that throws has failed like any other.
        return Future.succeededFuture().compose(go -> fetcher.get()).onComplete(this::logResult);
    }

    /** With the first cause of all, which alone says what is wrong with a certificate. */
    private static String describe(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null && first.getCause() != first) {
            first = first.getCause();
        }
        String message = String.valueOf(failure.getMessage());
        String cause = String.valueOf(first.getMessage());
        return message.contains(cause) ? message : message + ": " + cause;
    }

    private synchronized void logResult(AsyncResult<Map<String, JwtVerificationKey>> fetched) {
        if (fetched.failed()) {
            if (!fetchFailed) {
                LOG.atWarn()
                        .addKeyValue("reason", describe(fetched.cause()))
                        .addKeyValue("known", knownKeyIds.size())
                        .log("the keys of the issuer of tokens cannot be had");
            }
            fetchFailed = true;
            return;
        }
        if (fetchFailed || !knownKeyIds.equals(fetched.result().keySet())) {
            LOG.atInfo().addKeyValue("keys", fetched.result().size()).log("the keys of the issuer of tokens are known");
        }
        fetchFailed = false;
        knownKeyIds = fetched.result().keySet();
    }
}

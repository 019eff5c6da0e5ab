package dev.darkroom.access;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.refresh.RefreshingValue;
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
 * The keys that an issuer publishes, remembered. They are fetched again when they are not {@link #FRESH} any more, which nobody waits
 * for, and when a token names one that is not among them, which is how a new key is noticed. Strangers can name keys as they like: so
 * there is one fetch at a time, and none within {@link #SPACING} of the last. While the issuer is away, what is known is good for
 * {@link #KEPT}.
 *
 * <p>Thread-safe; nothing blocks.
 */
final class Jwks implements IssuerKeys {
    private static final Logger LOG = LoggerFactory.getLogger(Jwks.class);

    /** So soon a key that the issuer took back is not believed any more. */
    static final Duration FRESH = Duration.ofMinutes(5);

    /** Longer than an issuer restarts, shorter than anybody may hide from us that a key was taken back. */
    static final Duration KEPT = Duration.ofHours(1);

    /** From the start of one fetch to the start of the next. */
    static final Duration SPACING = Duration.ofSeconds(5);

    private static final RefreshingValue.Limits LIMITS =
            new RefreshingValue.Limits(FRESH, KEPT, SPACING, Duration.ofSeconds(30));

    private final Supplier<Future<Map<String, IssuerKey>>> source;
    private final RefreshingValue<Map<String, IssuerKey>> keys;

    // For the log alone. Guarded by this.
    private Set<String> known = Set.of();
    private boolean away;

    /** @param source the keys by their names, at least one; as {@link JwksFetch#keys} */
    Jwks(Vertx vertx, Supplier<Future<Map<String, IssuerKey>>> source, Ticker clock) {
        this.source = source;
        this.keys = new RefreshingValue<>(vertx, this::fetch, LIMITS, clock::read);
    }

    /** Begins to fetch, so that what is wrong with the address is in the log before anybody calls. */
    void warm() {
        keys.reload();
    }

    @Override
    public Future<Optional<IssuerKey>> named(String id) {
        if (id == null) {
            return Future.succeededFuture(Optional.empty());
        }
        return keys.get()
                .compose(found -> found.containsKey(id) ? Future.succeededFuture(found) : keys.reload())
                .transform(found -> found.failed()
                        ? Future.failedFuture(
                                new Refused(Refused.Why.CANNOT_TELL, "the keys of the issuer of tokens are away"))
                        : Future.succeededFuture(
                                Optional.ofNullable(found.result().get(id))));
    }

    private Future<Map<String, IssuerKey>> fetch() {
        // A source that throws has failed like any other.
        return Future.succeededFuture().compose(go -> source.get()).onComplete(this::log);
    }

    /** With the first cause of all, which alone says what is wrong with a certificate. */
    private static String reason(Throwable failure) {
        Throwable first = failure;
        while (first.getCause() != null && first.getCause() != first) {
            first = first.getCause();
        }
        String message = String.valueOf(failure.getMessage());
        String cause = String.valueOf(first.getMessage());
        return message.contains(cause) ? message : message + ": " + cause;
    }

    private synchronized void log(AsyncResult<Map<String, IssuerKey>> fetched) {
        if (fetched.failed()) {
            if (!away) {
                LOG.atWarn()
                        .addKeyValue("reason", reason(fetched.cause()))
                        .addKeyValue("known", known.size())
                        .log("the keys of the issuer of tokens cannot be had");
            }
            away = true;
            return;
        }
        if (away || !known.equals(fetched.result().keySet())) {
            LOG.atInfo().addKeyValue("keys", fetched.result().size()).log("the keys of the issuer of tokens are known");
        }
        away = false;
        known = fetched.result().keySet();
    }
}

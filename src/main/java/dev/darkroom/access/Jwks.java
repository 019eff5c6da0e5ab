package dev.darkroom.access;

import com.github.benmanes.caffeine.cache.Ticker;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
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

    private final Vertx vertx;
    private final Supplier<Future<Map<String, IssuerKey>>> source;
    private final Ticker clock;

    // Guarded by this.
    private Map<String, IssuerKey> known = Map.of();
    private long knownSince;
    /** Null before the first. */
    private Long askedLast;
    /** Null while nobody asks. */
    private Future<Void> asking;
    /** Whether the last fetch failed, for a reason of which the log has been told. */
    private boolean away;

    /** @param source the keys by their names, at least one; as {@link JwksFetch#keys} */
    Jwks(Vertx vertx, Supplier<Future<Map<String, IssuerKey>>> source, Ticker clock) {
        this.vertx = vertx;
        this.source = source;
        this.clock = clock;
    }

    /** Begins to fetch, so that what is wrong with the address is in the log before anybody calls. */
    synchronized void warm() {
        ask(clock.read());
    }

    @Override
    public Future<Optional<IssuerKey>> named(String id) {
        if (id == null) {
            return Future.succeededFuture(Optional.empty());
        }
        Future<Void> answer;
        synchronized (this) {
            long now = clock.read();
            if (now - knownSince >= KEPT.toNanos()) {
                known = Map.of();
            }
            boolean there = known.containsKey(id);
            if (!there || now - knownSince >= FRESH.toNanos()) {
                ask(now);
            }
            if (there || asking == null) {
                return judge(id);
            }
            answer = asking;
        }
        // Another may have asked before, on another event loop: the answer comes back to this one.
        return Future.fromCompletionStage(answer.toCompletionStage(), vertx.getOrCreateContext())
                .compose(done -> judge(id));
    }

    private synchronized Future<Optional<IssuerKey>> judge(String id) {
        IssuerKey key = known.get(id);
        return key == null && away
                ? Future.failedFuture(new Refused(Refused.Why.CANNOT_TELL, "the keys of the issuer of tokens are away"))
                : Future.succeededFuture(Optional.ofNullable(key));
    }

    private synchronized void ask(long now) {
        if (asking != null || (askedLast != null && now - askedLast < SPACING.toNanos())) {
            return;
        }
        askedLast = now;
        Promise<Void> answered = Promise.promise();
        asking = answered.future();
        // A source that throws has failed like any other.
        Future.succeededFuture().compose(go -> source.get()).onComplete(keys -> {
            learn(keys);
            answered.complete();
        });
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

    private synchronized void learn(AsyncResult<Map<String, IssuerKey>> keys) {
        asking = null;
        if (keys.failed()) {
            if (!away) {
                LOG.atWarn()
                        .addKeyValue("reason", reason(keys.cause()))
                        .addKeyValue("known", known.size())
                        .log("the keys of the issuer of tokens cannot be had");
            }
            away = true;
            return;
        }
        if (away || !known.keySet().equals(keys.result().keySet())) {
            LOG.atInfo().addKeyValue("keys", keys.result().size()).log("the keys of the issuer of tokens are known");
        }
        away = false;
        known = keys.result();
        knownSince = clock.read();
    }
}

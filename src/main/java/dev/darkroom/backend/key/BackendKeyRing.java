package dev.darkroom.backend.key;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendKeyStatus;
import dev.darkroom.backend.BackendKeyStatus.State;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Secret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * API keys of an AI server. Calls use the usable keys in turn. A rejected key is in cooldown, and calls use the others meanwhile.
 * When all keys are in cooldown, the key with the shortest remaining cooldown is used, so a single key is always used. Thread-safe.
 */
public final class BackendKeyRing {
    private static final Logger LOG = LoggerFactory.getLogger(BackendKeyRing.class);

    /** Codes of rejected keys. */
    private static final Map<String, State> REJECTIONS = Map.of(
            "UNAUTHORIZED",
            State.UNAUTHORIZED,
            "FORBIDDEN",
            State.FORBIDDEN,
            "PAYMENT_REQUIRED",
            State.PAYMENT_REQUIRED,
            "QUOTA_EXHAUSTED",
            State.QUOTA_EXHAUSTED);

    /** Cooldown of an unknown key. The change of its file ends it. */
    static final Duration UNAUTHORIZED_COOLDOWN = Duration.ofHours(1);
    /** Longest cooldown that the AI server can request. */
    static final Duration MAX_QUOTA_COOLDOWN = Duration.ofHours(24);

    static final Duration MAX_RATE_LIMIT_COOLDOWN = Duration.ofMinutes(10);
    private static final Duration MIN_COOLDOWN = Duration.ofSeconds(1);
    private static final int MAX_DOUBLINGS = 5;

    /** Number of replaced values that are still redacted in logs. */
    private static final int MAX_OLD_SECRETS = 20;

    private final String backend;
    private final Duration defaultCooldown;
    private final LongSupplier nanoTime;
    private final List<BackendKey> keys = new ArrayList<>();
    /** All values that responses may quote, in the order of their first use. */
    private final List<Secret> secrets = new CopyOnWriteArrayList<>();
    /** Index of the key at which the next search starts. Guarded by this. */
    private int next;

    /**
     * @param backend name of the AI server, for the log
     * @param defaultCooldown cooldown after an exhausted quota without {@code Retry-After}, and after the statuses 402 and 403
     * @param nanoTime clock in nanoseconds, see {@link System#nanoTime()}
     */
    public BackendKeyRing(String backend, Duration defaultCooldown, LongSupplier nanoTime) {
        this.backend = backend;
        this.defaultCooldown = defaultCooldown;
        this.nanoTime = nanoTime;
    }

    /** Adds a key. Only before the first use of the ring. */
    BackendKey add(String name, Secret secret) {
        BackendKey key = new BackendKey(name, secret);
        keys.add(key);
        addSecret(secret);
        return key;
    }

    /** Returns whether the AI server needs no key. */
    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /** Returns the values to redact: those of all keys, and some replaced ones. */
    public List<Secret> secrets() {
        return secrets;
    }

    /** Returns the key for a request: the next usable one, or else the key with the shortest remaining cooldown; empty when all are missing. */
    public synchronized Optional<BackendKey> select() {
        return selectUsable(Set.of()).or(() -> {
            long now = nanoTime.getAsLong();
            return keys.stream()
                    .filter(key -> !key.missing())
                    .min(Comparator.comparing(key -> key.remainingCooldown(now)));
        });
    }

    /** Returns the next usable key with a value that {@code tried} does not contain; empty when there is none. */
    public synchronized Optional<BackendKey> selectUsable(Set<Secret> tried) {
        long now = nanoTime.getAsLong();
        for (int i = 0; i < keys.size(); i++) {
            BackendKey key = keys.get((next + i) % keys.size());
            if (key.state(now) == State.USABLE && !tried.contains(key.secret())) {
                next = (next + i + 1) % keys.size();
                return Optional.of(key);
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the key that submitted a job; the first one when no key has the name. Empty without keys.
     *
     * @param name null when it is not known
     */
    public synchronized Optional<BackendKey> find(String name) {
        return keys.stream()
                .filter(key -> key.name().equals(name) && key.secret().isPresent())
                .findFirst()
                .or(() -> keys.stream().filter(key -> !key.missing()).findFirst())
                .or(() -> keys.stream().findFirst());
    }

    /**
     * Returns whether an AI server rejected a request because of its key, so that it did no work and another key may succeed. Another
     * failure of the same class, such as the URL of an image that must not be downloaded, follows the work.
     */
    public static boolean isRejection(BackendFailure failure) {
        return failure.failureClass() == FailureClass.TERMINAL_AUTH && REJECTIONS.containsKey(failure.code())
                || failure.rateLimited() && Integer.valueOf(429).equals(failure.httpStatus());
    }

    /** Returns the use of a key by a call that starts now. */
    public BackendKeyUse startUse(BackendKey key) {
        return new BackendKeyUse(key, key.secret(), nanoTime.getAsLong());
    }

    /**
     * Starts the cooldown of a key after a {@linkplain #isRejection rejection}. Never shortens one, so that the order of concurrent calls is
     * irrelevant. Ignores the rejection of a value that was replaced meanwhile.
     */
    public void recordRejection(BackendKeyUse use, BackendFailure failure) {
        BackendKey key = use.key();
        State reason = reason(failure);
        boolean changed;
        Duration cooldown;
        synchronized (this) {
            if (use.isReplaced()) {
                return;
            }
            long now = nanoTime.getAsLong();
            cooldown = cooldown(key, reason, use.startedAt(), failure.retryAfter());
            boolean longer = cooldown.compareTo(key.remainingCooldown(now)) >= 0;
            changed = longer && key.state(now) != reason;
            if (longer) {
                key.startCooldown(reason, now, now + cooldown.toNanos());
            }
        }
        if (changed) {
            LOG.atLevel(reason == State.RATE_LIMITED ? Level.INFO : Level.WARN)
                    .addKeyValue("backend", backend)
                    .addKeyValue("apiKey", key.name())
                    .addKeyValue("reason", reason)
                    .addKeyValue("cooldownMs", cooldown.toMillis())
                    .log("api key cooldown started");
        }
    }

    private static State reason(BackendFailure failure) {
        return failure.rateLimited() ? State.RATE_LIMITED : REJECTIONS.get(failure.code());
    }

    private Duration cooldown(BackendKey key, State reason, long requestStartedAt, Duration retryAfter) {
        return switch (reason) {
            case RATE_LIMITED -> {
                int doublings = Math.min(key.countRateLimit(requestStartedAt) - 1, MAX_DOUBLINGS);
                yield limit(
                        retryAfter == null ? MIN_COOLDOWN.multipliedBy(1L << doublings) : retryAfter,
                        MAX_RATE_LIMIT_COOLDOWN);
            }
            case QUOTA_EXHAUSTED, PAYMENT_REQUIRED ->
                retryAfter == null ? defaultCooldown : limit(retryAfter, MAX_QUOTA_COOLDOWN);
            case UNAUTHORIZED -> UNAUTHORIZED_COOLDOWN;
            default -> defaultCooldown;
        };
    }

    private static Duration limit(Duration requested, Duration max) {
        return requested.compareTo(max) > 0 ? max : requested.compareTo(MIN_COOLDOWN) < 0 ? MIN_COOLDOWN : requested;
    }

    /** Ends the cooldown of a key that has succeeded. Ignores the success of a value that was replaced meanwhile. */
    public synchronized void recordSuccess(BackendKeyUse use) {
        if (!use.isReplaced()) {
            use.key().endCooldown();
        }
    }

    /**
     * Returns the failure of a call after no usable key is left. It is a rate limit when a key is in cooldown only for a rate limit, and requests
     * the delay until its end.
     *
     * @param last the last rejected key
     * @param failure its rejection
     */
    public synchronized BackendFailure toFailure(BackendKey last, BackendFailure failure) {
        long now = nanoTime.getAsLong();
        Optional<BackendKey> first = keys.stream()
                .filter(key -> key.state(now) == State.RATE_LIMITED)
                .min(Comparator.comparing(key -> key.remainingCooldown(now)));
        if (first.isEmpty()) {
            return failure;
        }
        Duration delay = first.get().remainingCooldown(now);
        if (failure.rateLimited()) {
            return keys.size() > 1 ? failure.withRetryAfter(delay) : failure;
        }
        return BackendFailure.of(
                        FailureClass.REJECTED_RETRYABLE,
                        BackendFailure.RATE_LIMITED,
                        "The AI server limited the request rate.")
                .withRetryAfter(delay)
                .withDetail("rate limit of API key " + first.get().name() + "; API key " + last.name() + ": "
                        + failure.code() + (failure.detail() == null ? "" : " " + failure.detail()));
    }

    /** Returns the states of the keys in their order. */
    public synchronized List<BackendKeyStatus> status() {
        long now = nanoTime.getAsLong();
        return keys.stream()
                .map(key -> new BackendKeyStatus(key.name(), key.state(now), key.remainingCooldown(now)))
                .toList();
    }

    /**
     * Sets the value of a key that was read from its file.
     *
     * @return whether the value is new, or the key was missing
     */
    boolean replace(BackendKey key, Secret secret) {
        boolean changed;
        synchronized (this) {
            changed = key.missing() || !key.secret().equals(secret);
            if (changed) {
                addSecret(secret);
                key.replace(secret);
            }
        }
        return changed;
    }

    /** Stops the use of a key without a file for submissions. Returns whether it had one before. */
    synchronized boolean remove(BackendKey key) {
        boolean changed = !key.missing();
        key.setMissing();
        return changed;
    }

    private void addSecret(Secret secret) {
        if (secret.isPresent() && !secrets.contains(secret)) {
            secrets.add(secret);
            if (secrets.size() > keys.size() + MAX_OLD_SECRETS) {
                secrets.stream().filter(old -> !isUsed(old)).findFirst().ifPresent(secrets::remove);
            }
        }
    }

    private boolean isUsed(Secret secret) {
        return keys.stream().anyMatch(key -> key.secret().equals(secret));
    }
}

package dev.darkroom.auth;

import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Signs and verifies image URLs. A signed URL gives access to one image without credentials until it expires, since an {@code <img>}
 * element cannot send an {@code Authorization} header.
 *
 * <p>The signing keys are in the database, so every process verifies the URLs of the others. Cached keys older than
 * {@link #REFRESH_AFTER} are refreshed in the background. A call waits for the refresh only if they are older than
 * {@link #EXPIRE_AFTER}. Thread-safe; nothing blocks.
 */
public final class ImageUrlSigner {
    /** Age after which the next use of the keys reloads them in the background. */
    public static final Duration REFRESH_AFTER = Duration.ofSeconds(5);

    /** Age after which cached keys are no longer used. After this time every process rejects URLs of a retired key. */
    public static final Duration EXPIRE_AFTER = Duration.ofSeconds(30);

    /** Minimum time between reloads. A URL with an unknown key ID causes one, and any client can send such a URL. */
    private static final Duration MIN_LOAD_INTERVAL = Duration.ofSeconds(1);

    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(REFRESH_AFTER, EXPIRE_AFTER, MIN_LOAD_INTERVAL, Duration.ofSeconds(10));

    private static final int SECRET_BYTES = 32;

    /** The expiry is rounded up to a multiple of this part of the lifetime, so that responses repeat the same URL and caches work. */
    private static final int EXPIRY_STEPS_PER_LIFETIME = 4;

    private final Database database;
    private final Duration lifetime;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    private final RefreshingValue<List<UrlSigningKey>> keys;

    /** @param lifetime minimum lifetime of a URL; the rounded expiry is up to a quarter longer */
    public ImageUrlSigner(
            Vertx vertx, Database database, Duration lifetime, InstantSource clock, LongSupplier nanoClock) {
        this.database = database;
        this.lifetime = lifetime;
        this.clock = clock;
        this.keys = new RefreshingValue<>(vertx, this::load, REFRESH_POLICY, nanoClock);
    }

    /** Result of the verification of a signed URL. */
    public enum SignatureStatus {
        VALID,
        EXPIRED,
        /** The signature is wrong or incomplete, or its key is unknown or retired. */
        INVALID
    }

    /** Signs URLs with one key and one expiry. Immutable. */
    public static final class QuerySigner {
        private final UrlSigningKey key;
        private final long expirySeconds;

        private QuerySigner(UrlSigningKey key, long expirySeconds) {
            this.key = key;
            this.expirySeconds = expirySeconds;
        }

        /** Returns the query string of the URL of an image. */
        public String signedQuery(String imageName) {
            String expires = String.valueOf(expirySeconds);
            return "expires=" + expires + "&key=" + key.id() + "&signature=" + key.sign(imageName, expires);
        }

        /** Whether another signer produces the same URLs. */
        public boolean producesSameUrls(QuerySigner other) {
            return key.id() == other.key.id() && expirySeconds == other.expirySeconds;
        }
    }

    /** Returns a signer with the newest key. Fails when the database is unavailable. */
    public Future<QuerySigner> currentSigner() {
        long step = Math.max(1, lifetime.toSeconds() / EXPIRY_STEPS_PER_LIFETIME);
        long earliestExpiry = clock.instant().plus(lifetime).getEpochSecond();
        return keys.get().map(known -> new QuerySigner(known.get(0), (earliestExpiry + step - 1) / step * step));
    }

    /**
     * Verifies the query parameters of a signed URL. Fails when the database is unavailable.
     *
     * @param expires query parameter, null when absent
     * @param key query parameter, null when absent
     * @param signature query parameter, null when absent
     */
    public Future<SignatureStatus> verify(String imageName, String expires, String key, String signature) {
        if (expires == null || key == null || signature == null) {
            return Future.succeededFuture(SignatureStatus.INVALID);
        }
        Predicate<UrlSigningKey> hasId = each -> String.valueOf(each.id()).equals(key);
        return keys.get()
                .compose(known -> known.stream().anyMatch(hasId) ? Future.succeededFuture(known) : keys.reload())
                .map(known -> known.stream()
                        .filter(hasId)
                        .filter(this::isActive)
                        .filter(each -> each.isValidSignature(imageName, expires, signature))
                        .findAny()
                        // The signature is valid, so the value was produced here and is a number.
                        .map(signer -> Long.parseLong(expires) > clock.instant().getEpochSecond()
                                ? SignatureStatus.VALID
                                : SignatureStatus.EXPIRED)
                        .orElse(SignatureStatus.INVALID));
    }

    private boolean isActive(UrlSigningKey key) {
        return key.retiresAt() == null || clock.instant().isBefore(key.retiresAt());
    }

    /** Loads the keys, the newest first, at least one. Inserts the first key if there is none. */
    private Future<List<UrlSigningKey>> load() {
        return selectKeys()
                .compose(found -> found.isEmpty()
                        ? insertFirstKey().compose(inserted -> selectKeys())
                        : Future.succeededFuture(found));
    }

    private Future<List<UrlSigningKey>> selectKeys() {
        return database.client()
                .preparedQuery(AuthSql.SELECT_URL_SIGNING_KEYS)
                .execute()
                .map(rows -> rows.stream().map(ImageUrlSigner::toKey).toList());
    }

    private Future<RowSet<Row>> insertFirstKey() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return database.client()
                .preparedQuery(AuthSql.INSERT_FIRST_URL_SIGNING_KEY)
                .execute(Tuple.of(Buffer.buffer(secret)));
    }

    private static UrlSigningKey toKey(Row row) {
        OffsetDateTime retires = row.getOffsetDateTime("retires_at");
        return new UrlSigningKey(
                row.getInteger("id"), row.getBuffer("secret").getBytes(), retires == null ? null : retires.toInstant());
    }
}

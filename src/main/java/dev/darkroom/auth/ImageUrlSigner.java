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
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Links by which a picture can be fetched by whoever has them, until they expire: an {@code <img>} cannot say who asks. The keys that
 * sign them are in the database, so that every process believes what another has signed; they are looked up again when they are older
 * than {@link #REFRESH_AFTER}, beside what is asked for, and waited for only when they are older than {@link #EXPIRE_AFTER}. Thread-safe; nothing
 * blocks.
 */
public final class ImageUrlSigner {
    /** Age after which a use of the keys loads them again in the background. */
    public static final Duration REFRESH_AFTER = Duration.ofSeconds(5);

    /** Age after which the keys are not used any more. Within this time every process refuses what retired keys have signed. */
    public static final Duration EXPIRE_AFTER = Duration.ofSeconds(30);

    /** A link that names an unknown key makes us read the keys again, as it may be new. Anybody can name keys. */
    private static final Duration MIN_LOAD_INTERVAL = Duration.ofSeconds(1);

    private static final RefreshingValue.RefreshPolicy REFRESH_POLICY =
            new RefreshingValue.RefreshPolicy(REFRESH_AFTER, EXPIRE_AFTER, MIN_LOAD_INTERVAL, Duration.ofSeconds(10));

    private static final int SECRET_BYTES = 32;

    /** Links expire at whole parts of their lifetime, so that all that is told within one of these parts is the same. */
    private static final int EXPIRY_STEPS_PER_LIFETIME = 4;

    private final Database database;
    private final Duration lifetime;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    private final RefreshingValue<List<UrlSigningKey>> keys;

    /** @param lifetime how long a link is good at least; up to a quarter longer */
    public ImageUrlSigner(
            Vertx vertx, Database database, Duration lifetime, InstantSource clock, LongSupplier nanoClock) {
        this.database = database;
        this.lifetime = lifetime;
        this.clock = clock;
        this.keys = new RefreshingValue<>(vertx, this::load, REFRESH_POLICY, nanoClock);
    }

    /** What is made of a link. */
    public enum SignatureStatus {
        VALID,
        EXPIRED,
        /** Not one of ours, or of a key that was retired. */
        INVALID
    }

    /** Signs links for a while. Those of equal ones are equal. */
    public static final class QuerySigner {
        private final UrlSigningKey key;
        private final long expirySeconds;

        private QuerySigner(UrlSigningKey key, long expires) {
            this.key = key;
            this.expirySeconds = expires;
        }

        /** The query of a link. */
        public String signedQuery(String imageName) {
            String until = String.valueOf(expirySeconds);
            return "expires=" + until + "&key=" + key.id() + "&signature=" + key.sign(imageName, until);
        }

        /** Whether another makes the same links. */
        public boolean producesSameUrls(QuerySigner other) {
            return key.id() == other.key.id() && expirySeconds == other.expirySeconds;
        }
    }

    /** Who signs now. Fails when the database cannot be asked. */
    public Future<QuerySigner> currentSigner() {
        long part = Math.max(1, lifetime.toSeconds() / EXPIRY_STEPS_PER_LIFETIME);
        long until = clock.instant().plus(lifetime).getEpochSecond();
        return keys.get().map(known -> new QuerySigner(known.get(0), (until + part - 1) / part * part));
    }

    /**
     * What is made of a link. Fails when the database cannot be asked.
     *
     * @param expires as the next ones from the link, null where it has none
     */
    public Future<SignatureStatus> verify(String imageName, String expires, String key, String signature) {
        if (expires == null || key == null || signature == null) {
            return Future.succeededFuture(SignatureStatus.INVALID);
        }
        Predicate<UrlSigningKey> named = known -> String.valueOf(known.id()).equals(key);
        return keys.get()
                .compose(known -> known.stream().anyMatch(named) ? Future.succeededFuture(known) : keys.reload())
                .map(known -> known.stream()
                        .filter(named)
                        .filter(this::isActive)
                        .filter(one -> one.isValidSignature(imageName, expires, signature))
                        .findAny()
                        // Signed by us, so it is a number.
                        .map(ours -> Long.parseLong(expires) > clock.instant().getEpochSecond()
                                ? SignatureStatus.VALID
                                : SignatureStatus.EXPIRED)
                        .orElse(SignatureStatus.INVALID));
    }

    private boolean isActive(UrlSigningKey key) {
        return key.retiresAt() == null || clock.instant().isBefore(key.retiresAt());
    }

    /** The keys, the youngest first: at least one. */
    private Future<List<UrlSigningKey>> load() {
        return selectKeys()
                .compose(found -> found.isEmpty()
                        ? insertFirstKey().compose(made -> selectKeys())
                        : Future.succeededFuture(found));
    }

    private Future<List<UrlSigningKey>> selectKeys() {
        return database.client()
                .preparedQuery(AuthSql.SELECT_URL_SIGNING_KEYS)
                .execute()
                .map(ImageUrlSigner::toKeys);
    }

    private Future<RowSet<Row>> insertFirstKey() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return database.client()
                .preparedQuery(AuthSql.INSERT_FIRST_URL_SIGNING_KEY)
                .execute(Tuple.of(Buffer.buffer(secret)));
    }

    private static List<UrlSigningKey> toKeys(RowSet<Row> rows) {
        List<UrlSigningKey> found = new ArrayList<>();
        for (Row row : rows) {
            OffsetDateTime retires = row.getOffsetDateTime("retires_at");
            Instant retiresAt = retires == null ? null : retires.toInstant();
            found.add(UrlSigningKey.of(
                    row.getInteger("id"), row.getBuffer("secret").getBytes(), retiresAt));
        }
        return List.copyOf(found);
    }
}

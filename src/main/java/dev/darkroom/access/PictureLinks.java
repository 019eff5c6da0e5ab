package dev.darkroom.access;

import dev.darkroom.database.Database;
import dev.darkroom.refresh.RefreshingValue;
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
 * than {@link #BELIEVED}, beside what is asked for, and waited for only when they are older than {@link #STALE}. Thread-safe; nothing
 * blocks.
 */
public final class PictureLinks {
    /** Age after which a use of the keys loads them again in the background. */
    public static final Duration BELIEVED = Duration.ofSeconds(5);

    /** Age after which the keys are not used any more. Within this time every process refuses what retired keys have signed. */
    public static final Duration STALE = Duration.ofSeconds(30);

    /** A link that names an unknown key makes us read the keys again, as it may be new. Anybody can name keys. */
    private static final Duration SPACING = Duration.ofSeconds(1);

    private static final RefreshingValue.Limits LIMITS =
            new RefreshingValue.Limits(BELIEVED, STALE, SPACING, Duration.ofSeconds(10));

    private static final int SECRET_BYTES = 32;

    /** Links expire at whole parts of their lifetime, so that all that is told within one of these parts is the same. */
    private static final int PARTS = 4;

    private final Database database;
    private final Duration lifetime;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    private final RefreshingValue<List<LinkKey>> keys;

    /** @param lifetime how long a link is good at least; up to a quarter longer */
    public PictureLinks(
            Vertx vertx, Database database, Duration lifetime, InstantSource clock, LongSupplier nanoClock) {
        this.database = database;
        this.lifetime = lifetime;
        this.clock = clock;
        this.keys = new RefreshingValue<>(vertx, this::load, LIMITS, nanoClock);
    }

    /** What is made of a link. */
    public enum Verdict {
        GOOD,
        EXPIRED,
        /** Not one of ours, or of a key that was retired. */
        NOT_OURS
    }

    /** Signs links for a while. Those of equal ones are equal. */
    public static final class Signer {
        private final LinkKey key;
        private final long expires;

        private Signer(LinkKey key, long expires) {
            this.key = key;
            this.expires = expires;
        }

        /** The query of a link. */
        public String query(String imageName) {
            String until = String.valueOf(expires);
            return "expires=" + until + "&key=" + key.id() + "&signature=" + key.sign(imageName, until);
        }

        /** Whether another makes the same links. */
        public boolean sameAs(Signer other) {
            return key.id() == other.key.id() && expires == other.expires;
        }
    }

    /** Who signs now. Fails when the database cannot be asked. */
    public Future<Signer> signer() {
        long part = Math.max(1, lifetime.toSeconds() / PARTS);
        long until = clock.instant().plus(lifetime).getEpochSecond();
        return keys.get().map(known -> new Signer(known.get(0), (until + part - 1) / part * part));
    }

    /**
     * What is made of a link. Fails when the database cannot be asked.
     *
     * @param expires as the next ones from the link, null where it has none
     */
    public Future<Verdict> check(String imageName, String expires, String key, String signature) {
        if (expires == null || key == null || signature == null) {
            return Future.succeededFuture(Verdict.NOT_OURS);
        }
        Predicate<LinkKey> named = known -> String.valueOf(known.id()).equals(key);
        return keys.get()
                .compose(known -> known.stream().anyMatch(named) ? Future.succeededFuture(known) : keys.reload())
                .map(known -> known.stream()
                        .filter(named)
                        .filter(this::believed)
                        .filter(one -> one.signed(imageName, expires, signature))
                        .findAny()
                        // Signed by us, so it is a number.
                        .map(ours -> Long.parseLong(expires) > clock.instant().getEpochSecond()
                                ? Verdict.GOOD
                                : Verdict.EXPIRED)
                        .orElse(Verdict.NOT_OURS));
    }

    private boolean believed(LinkKey key) {
        return key.retiresAt() == null || clock.instant().isBefore(key.retiresAt());
    }

    /** The keys, the youngest first: at least one. */
    private Future<List<LinkKey>> load() {
        return select().compose(found ->
                found.isEmpty() ? makeFirst().compose(made -> select()) : Future.succeededFuture(found));
    }

    private Future<List<LinkKey>> select() {
        return database.client().preparedQuery(AccessSql.LINK_KEYS).execute().map(PictureLinks::read);
    }

    private Future<RowSet<Row>> makeFirst() {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return database.client().preparedQuery(AccessSql.FIRST_LINK_KEY).execute(Tuple.of(Buffer.buffer(secret)));
    }

    private static List<LinkKey> read(RowSet<Row> rows) {
        List<LinkKey> found = new ArrayList<>();
        for (Row row : rows) {
            OffsetDateTime retires = row.getOffsetDateTime("retires_at");
            Instant retiresAt = retires == null ? null : retires.toInstant();
            found.add(LinkKey.of(row.getInteger("id"), row.getBuffer("secret").getBytes(), retiresAt));
        }
        return List.copyOf(found);
    }
}

package dev.darkroom.auth;

import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrorClassifier;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tickets for streams: a browser cannot send a header with one, and what lives long must not stand in a URL (RFC 9700, section 4.3.2).
 * A ticket is good for streams of one user and for nothing else, has to be used within a minute, and then for as long as its stream
 * lives and fifteen minutes more, since a browser comes back with the URL that it has. One stream at a time uses it: who comes with it
 * takes it over. It ends with what it was asked for with. Thread-safe; nothing blocks.
 */
public final class StreamTickets {
    private static final Logger LOG = LoggerFactory.getLogger(StreamTickets.class);

    static final String PREFIX = "dt_";
    private static final int SECRET_BYTES = 32;
    private static final Pattern FORMAT = Pattern.compile("dt_[A-Za-z0-9_-]{43}");

    private final Database database;
    private final SecureRandom random;

    public StreamTickets(Database database, SecureRandom random) {
        this.database = database;
        this.random = random;
    }

    /**
     * A ticket that was made.
     *
     * @param secret the ticket itself: to be shown once
     * @param expiresAt when it has to have been used, by the database's clock
     */
    public record CreatedTicket(String secret, OffsetDateTime expiresAt) {
        @Override
        public String toString() {
            return "a ticket until " + expiresAt;
        }
    }

    /** Who comes with a ticket, and what to look at again while they stay. */
    public record RedeemedTicket(Principal principal, Credential credential) {}

    /**
     * Makes one.
     *
     * @param credential what the caller was let in with; null for somebody who need not say who they are
     * @return fails with a {@link AuthenticationException} when the database is away
     */
    public Future<CreatedTicket> create(Principal principal, Credential credential) {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        return database.client()
                .preparedQuery(AuthSql.INSERT_STREAM_TICKET)
                .execute(Tuple.of(
                        SecretHash.sha256Hex(secret),
                        principal.user(),
                        credential == null ? null : credential.keyHash(),
                        credential == null || credential.expiresAt() == null
                                ? null
                                : credential.expiresAt().atOffset(ZoneOffset.UTC)))
                .recover(StreamTickets::mapDatabaseError)
                .map(rows -> new CreatedTicket(secret, rows.iterator().next().getOffsetDateTime("good_until")));
    }

    /**
     * Takes a ticket for one stream, which is from then on the only one that has it. Whoever comes with it is no admin, even if an
     * admin asked for it.
     *
     * @return fails with a {@link AuthenticationException}
     */
    public Future<RedeemedTicket> redeem(String ticket) {
        if (!FORMAT.matcher(ticket).matches()) {
            return invalidTicket();
        }
        String hash = SecretHash.sha256Hex(ticket);
        UUID holder = UUID.randomUUID();
        return database.client()
                .preparedQuery(AuthSql.REDEEM_STREAM_TICKET)
                .execute(Tuple.of(hash, holder))
                .recover(StreamTickets::mapDatabaseError)
                .compose(rows -> {
                    for (Row row : rows) {
                        OffsetDateTime ends = row.getOffsetDateTime("credential_ends");
                        return Future.succeededFuture(new RedeemedTicket(
                                new Principal(row.getString("user_id"), Role.USER),
                                Credential.ofTicket(
                                        hash,
                                        holder,
                                        row.getString("key_hash"),
                                        ends == null ? null : ends.toInstant())));
                    }
                    return invalidTicket();
                });
    }

    private static <T> Future<T> mapDatabaseError(Throwable error) {
        if (!DatabaseErrorClassifier.isUnavailable(error)) {
            return Future.failedFuture(error);
        }
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("could not look for a ticket");
        return Future.failedFuture(
                new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, error.getMessage()));
    }

    private static Future<RedeemedTicket> invalidTicket() {
        return Future.failedFuture(new AuthenticationException(
                AuthenticationException.Reason.INVALID_CREDENTIALS,
                "This ticket is unknown, has expired, or is good no more. Ask for a new one."));
    }

    /** Of these those that are still their holders', which may come back with them for a while from now on. */
    Future<Set<String>> extend(Collection<Credential> held) {
        return database.client()
                .preparedQuery(AuthSql.EXTEND_STREAM_TICKETS)
                .execute(Tuple.tuple()
                        .addArrayOfString(
                                held.stream().map(Credential::ticketHash).toArray(String[]::new))
                        .addArrayOfUUID(held.stream().map(Credential::streamId).toArray(UUID[]::new)))
                .map(rows -> {
                    Set<String> kept = new HashSet<>();
                    rows.forEach(row -> kept.add(row.getString("hash")));
                    return kept;
                });
    }
}

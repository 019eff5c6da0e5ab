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
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates and redeems stream tickets: short-lived credentials for the query of a stream URL. A browser cannot send a header with a
 * stream, and long-lived credentials must not be in a URL (RFC 9700, section 4.3.2).
 *
 * <p>A ticket opens streams of one user and nothing else. It has to be redeemed within a minute and then stays valid while its stream
 * is open and for 15 minutes after that, since a browser reconnects with the same URL. One stream at a time holds a ticket; redeeming
 * it again closes the previous stream. A ticket expires with the credential that created it. Thread-safe; nothing blocks.
 */
public record StreamTickets(Database database, SecureRandom random) {
    private static final Logger LOG = LoggerFactory.getLogger(StreamTickets.class);

    static final String PREFIX = "dt_";
    private static final int SECRET_BYTES = 32;
    private static final Pattern FORMAT = Pattern.compile("dt_[A-Za-z0-9_-]{43}");

    /**
     * A created ticket.
     *
     * @param secret the ticket itself; returned to the client once
     * @param expiresAt the deadline for redeeming the ticket, by the database's clock
     */
    public record CreatedTicket(String secret, OffsetDateTime expiresAt) {
        @Override
        public String toString() {
            return "a ticket until " + expiresAt;
        }
    }

    /** The user of a redeemed ticket and the credential to revalidate while the stream is open. */
    public record RedeemedTicket(Principal principal, Credential credential) {}

    /**
     * Creates a ticket.
     *
     * @param credential the credential of the request; null without authentication
     * @return fails with an {@link AuthenticationException} when the database is unavailable
     */
    public Future<CreatedTicket> create(Principal principal, Credential credential) {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        return database.client()
                .preparedQuery(AuthSql.INSERT_STREAM_TICKET)
                .execute(Tuple.of(
                        DigestUtils.sha256Hex(secret),
                        principal.user(),
                        credential == null ? null : credential.keyHash(),
                        credential == null || credential.expiresAt() == null
                                ? null
                                : credential.expiresAt().atOffset(ZoneOffset.UTC)))
                .recover(StreamTickets::mapDatabaseError)
                .map(rows -> new CreatedTicket(secret, rows.iterator().next().getOffsetDateTime("expires_at")));
    }

    /**
     * Redeems a ticket for a new stream, which becomes the only holder. The principal has the role USER, even if an admin created the
     * ticket.
     *
     * @return fails with an {@link AuthenticationException}
     */
    public Future<RedeemedTicket> redeem(String ticket) {
        if (!FORMAT.matcher(ticket).matches()) {
            return invalidTicket();
        }
        String hash = DigestUtils.sha256Hex(ticket);
        UUID streamId = UUID.randomUUID();
        return database.client()
                .preparedQuery(AuthSql.REDEEM_STREAM_TICKET)
                .execute(Tuple.of(hash, streamId))
                .recover(StreamTickets::mapDatabaseError)
                .compose(rows -> {
                    for (Row row : rows) {
                        OffsetDateTime expiresAt = row.getOffsetDateTime("credential_expires_at");
                        return Future.succeededFuture(new RedeemedTicket(
                                new Principal(row.getString("user_id"), Role.USER),
                                new Credential(
                                        row.getString("api_key_hash"),
                                        null,
                                        expiresAt == null ? null : expiresAt.toInstant(),
                                        hash,
                                        streamId)));
                    }
                    return invalidTicket();
                });
    }

    private static <T> Future<T> mapDatabaseError(Throwable error) {
        if (!DatabaseErrorClassifier.isUnavailable(error)) {
            return Future.failedFuture(error);
        }
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("stream ticket lookup failed");
        return Future.failedFuture(
                new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, error.getMessage()));
    }

    private static Future<RedeemedTicket> invalidTicket() {
        return Future.failedFuture(new AuthenticationException(
                AuthenticationException.Reason.INVALID_CREDENTIALS,
                "This ticket is unknown, has expired or was revoked. Create a new one."));
    }

    /**
     * Extends the tickets that are still held by their streams.
     *
     * @param credentials tickets
     * @return the hashes of the extended tickets
     */
    Future<Set<String>> extend(Collection<Credential> credentials) {
        return database.client()
                .preparedQuery(AuthSql.EXTEND_STREAM_TICKETS)
                .execute(Tuple.tuple()
                        .addArrayOfString(
                                credentials.stream().map(Credential::ticketHash).toArray(String[]::new))
                        .addArrayOfUUID(
                                credentials.stream().map(Credential::streamId).toArray(UUID[]::new)))
                .map(rows -> rows.stream().map(row -> row.getString("hash")).collect(Collectors.toSet()));
    }
}

package dev.darkroom.auth;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;

/**
 * What somebody was let in with, for as long as they stay: to be looked at again. {@code toString} shows no secret.
 */
public final class Credential {
    /** 9999-12-31T23:59:59Z, in seconds. A token may name any number, and neither {@link Instant} nor PostgreSQL knows all of them. */
    private static final long MAX_EPOCH_SECOND = 253_402_300_799L;

    /** Of the API key, or of that with which the ticket was asked for; null when it was none. */
    private final String keyHash;

    /** A JWT as it was presented; null when it was none. */
    private final String token;

    /** When it ends by itself, null when it does not. */
    private final Instant expiresAt;

    /** Null when it is no ticket. */
    private final String ticketHash;

    private final UUID streamId;

    private Credential(String keyHash, String token, Instant ends, String ticketHash, UUID holder) {
        this.keyHash = keyHash;
        this.token = token;
        this.expiresAt = ends;
        this.ticketHash = ticketHash;
        this.streamId = holder;
    }

    /**
     * Of an {@code Authorization} header that a {@link Authenticator} has found good.
     *
     * @return null when there is none, and nothing to look at again
     */
    public static Credential fromAuthorizationHeader(String authorization) {
        if (authorization == null) {
            return null;
        }
        Matcher bearer = Authenticator.BEARER_PATTERN.matcher(authorization);
        if (!bearer.matches()) {
            return null;
        }
        Optional<ApiKey> key = ApiKey.parse(bearer.group(1));
        return key.isPresent()
                ? new Credential(key.get().hash(), null, null, null, null)
                : new Credential(null, bearer.group(1), readExpiry(bearer.group(1)), null, null);
    }

    static Credential ofTicket(String ticketHash, UUID holder, String keyHash, Instant ends) {
        return new Credential(keyHash, null, ends, ticketHash, holder);
    }

    /** Of a token whose signature and claims were judged before. */
    private static Instant readExpiry(String token) {
        String claims = token.split("\\.", -1)[1];
        double end = new JsonObject(
                        new String(Base64.getUrlDecoder().decode(claims), java.nio.charset.StandardCharsets.UTF_8))
                .getNumber("exp")
                .doubleValue();
        return Instant.ofEpochSecond((long) Math.max(0, Math.min(end, MAX_EPOCH_SECOND)));
    }

    String keyHash() {
        return keyHash;
    }

    String token() {
        return token;
    }

    Instant expiresAt() {
        return expiresAt;
    }

    String ticketHash() {
        return ticketHash;
    }

    UUID streamId() {
        return streamId;
    }

    @Override
    public String toString() {
        return ticketHash != null ? "a ticket" : token != null ? "a token" : "an API key";
    }
}

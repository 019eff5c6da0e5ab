package dev.darkroom.auth;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;

/**
 * The credential with which a stream was opened: an API key, a JWT or a stream ticket. Kept while the stream is open and revalidated
 * by {@link CredentialRevalidator}. Immutable. {@code toString} shows no secret.
 *
 * @param keyHash hash of the API key, or of the API key with which the ticket was created; null for other credentials
 * @param token the JWT as presented; null for other credentials
 * @param expiresAt time of expiry of a JWT, or of the JWT with which the ticket was created; null when unknown or unlimited
 * @param ticketHash hash of the stream ticket; null for other credentials
 * @param streamId the stream that holds the ticket; null for other credentials
 */
public record Credential(String keyHash, String token, Instant expiresAt, String ticketHash, UUID streamId) {
    /** 9999-12-31T23:59:59Z, in seconds. Caps {@code exp}, which may exceed the range of {@link Instant} and of PostgreSQL. */
    private static final long MAX_EPOCH_SECOND = 253_402_300_799L;

    /**
     * Reads the credential from an {@code Authorization} header that an {@link Authenticator} has accepted.
     *
     * @param authorization the header; null when the request has none
     * @return null when there is no credential to revalidate
     */
    public static Credential fromAuthorizationHeader(String authorization) {
        if (authorization == null) {
            return null;
        }
        Matcher bearer = Authenticator.BEARER_PATTERN.matcher(authorization);
        if (!bearer.matches() || bearer.group(1).equals(Authenticator.LOCAL_KEY)) {
            return null;
        }
        Optional<ApiKey> key = ApiKey.parse(bearer.group(1));
        return key.isPresent()
                ? new Credential(key.get().hash(), null, null, null, null)
                : new Credential(null, bearer.group(1), readExpiry(bearer.group(1)), null, null);
    }

    /** Reads {@code exp} of a token that was already verified. */
    private static Instant readExpiry(String token) {
        String claims = token.split("\\.", -1)[1];
        double expirySeconds = new JsonObject(
                        new String(Base64.getUrlDecoder().decode(claims), java.nio.charset.StandardCharsets.UTF_8))
                .getNumber("exp")
                .doubleValue();
        return Instant.ofEpochSecond((long) Math.max(0, Math.min(expirySeconds, MAX_EPOCH_SECOND)));
    }

    @Override
    public String toString() {
        return ticketHash != null ? "a ticket" : token != null ? "a token" : "an API key";
    }
}

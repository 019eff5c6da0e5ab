package dev.darkroom.auth;

import io.vertx.core.Future;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Creates and verifies the tokens of callback URLs. A token gives an AI server the right to report the result of one job until it
 * expires. Format: job key, expiry in seconds since 1970, key id and signature, separated by dots. Every process verifies the tokens
 * of the others. Thread-safe; nothing blocks.
 */
public final class CallbackTokens {
    private static final String PURPOSE = "callback";

    private static final Pattern TOKEN = Pattern.compile(
            "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.(\\d{1,12})\\.(\\d{1,9})\\.([A-Za-z0-9_-]{43})");

    private final UrlSigningKeys keys;
    private final InstantSource clock;

    public CallbackTokens(UrlSigningKeys keys, InstantSource clock) {
        this.keys = keys;
        this.clock = clock;
    }

    /** Result of the verification of a token. */
    public enum TokenStatus {
        VALID,
        EXPIRED,
        /** The token is malformed, its signature is wrong, or its key is unknown or retired. */
        INVALID
    }

    /**
     * Creates a token. Fails when the database is unavailable.
     *
     * @param jobKey key of the job that the token gives access to
     */
    public Future<String> create(UUID jobKey, Instant expiry) {
        String expires = String.valueOf(expiry.getEpochSecond());
        return keys.newest()
                .map(key -> String.join(
                        ".",
                        jobKey.toString(),
                        expires,
                        String.valueOf(key.id()),
                        key.sign(PURPOSE, jobKey.toString(), expires)));
    }

    /** Verifies a token. Fails when the database is unavailable. */
    public Future<TokenStatus> verify(String token) {
        Matcher parts = TOKEN.matcher(token);
        if (!parts.matches()) {
            return Future.succeededFuture(TokenStatus.INVALID);
        }
        String expires = parts.group(2);
        return keys.find(parts.group(3))
                .map(found -> found.filter(
                                key -> key.isValidSignature(PURPOSE, parts.group(1), expires, parts.group(4)))
                        .map(key -> Long.parseLong(expires) > clock.instant().getEpochSecond()
                                ? TokenStatus.VALID
                                : TokenStatus.EXPIRED)
                        .orElse(TokenStatus.INVALID));
    }

    /**
     * Returns the expiry in seconds since 1970.
     *
     * @param token a valid token
     */
    public static long expiry(String token) {
        return Long.parseLong(token.split("\\.", 3)[1]);
    }

    /**
     * Returns the key of the job.
     *
     * @param token a valid token
     */
    public static UUID jobKey(String token) {
        return UUID.fromString(token.substring(0, token.indexOf('.')));
    }
}

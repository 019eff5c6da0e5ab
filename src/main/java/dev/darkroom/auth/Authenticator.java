package dev.darkroom.auth;

import dev.darkroom.database.DatabaseErrorClassifier;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Authenticates a request by its {@code Authorization} header (RFC 6750, section 2.1): an API key or a JWT. A header that is present
 * is always verified, even if authentication is optional, so that a wrong credential does not go unnoticed. Thread-safe; nothing
 * blocks.
 *
 * @param anonymous the user of a request without the header, or with the key {@code local}, for clients that always send a key; null when
 *     such requests are rejected
 * @param apiKeyLookup finds the owner of a key, as {@link ApiKeyCache#findOwner}
 * @param jwtLookup verifies a JWT, as {@code JwtAuthenticator#authenticate}; null when JWTs are not accepted
 */
public record Authenticator(
        Principal anonymous,
        Function<ApiKey, Future<Optional<Principal>>> apiKeyLookup,
        Function<String, Future<Principal>> jwtLookup) {
    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);

    static final Pattern BEARER_PATTERN = Pattern.compile("Bearer +(\\S+) *", Pattern.CASE_INSENSITIVE);

    /** Key of the user of requests without a header. */
    static final String LOCAL_KEY = "local";

    /** For an address without authentication. Rejects every API key and token as unknown. */
    public static Authenticator forLocalUser() {
        return new Authenticator(Principal.LOCAL_USER, key -> Future.succeededFuture(Optional.empty()), null);
    }

    /**
     * Verifies the credential of a request: an API key by its SHA-256, see {@link ApiKeyCache#findOwner}, or a JWT. Completes on the
     * caller's context, immediately if no lookup is needed.
     *
     * @param authorization the header; null when the request has none
     * @return fails with an {@link AuthenticationException}
     */
    public Future<Principal> authenticate(String authorization) {
        if (authorization == null) {
            return anonymous == null
                    ? reject(AuthenticationException.Reason.MISSING_CREDENTIALS, missingCredentialDetail())
                    : Future.succeededFuture(anonymous);
        }
        Matcher bearer = BEARER_PATTERN.matcher(authorization);
        if (!bearer.matches()) {
            return reject(
                    AuthenticationException.Reason.INVALID_CREDENTIALS,
                    "The Authorization header must be: Bearer, a space, the key or token.");
        }
        String presented = bearer.group(1);
        if (anonymous != null && presented.equals(LOCAL_KEY)) {
            return Future.succeededFuture(anonymous);
        }
        return ApiKey.parse(presented).map(this::authenticateApiKey).orElseGet(() -> authenticateToken(presented));
    }

    private String missingCredentialDetail() {
        return jwtLookup == null
                ? "Send an API key: Authorization: Bearer dk_…"
                : "Send an API key or a token of the configured issuer: Authorization: Bearer …";
    }

    private Future<Principal> authenticateToken(String presented) {
        // No JWT starts with the prefix of an API key. A truncated key gets the detail about keys.
        return jwtLookup == null || presented.startsWith(ApiKey.PREFIX)
                ? reject(
                        AuthenticationException.Reason.INVALID_CREDENTIALS,
                        "This is not an API key. They look like dk_… and are 84 characters long.")
                : jwtLookup.apply(presented);
    }

    private Future<Principal> authenticateApiKey(ApiKey key) {
        return apiKeyLookup
                .apply(key)
                .recover(error -> DatabaseErrorClassifier.isUnavailable(error)
                        ? failUnavailable(error.getMessage())
                        : Future.failedFuture(error))
                .compose(owner -> owner.map(Future::succeededFuture)
                        // Does not say which of these: a client that guesses keys must not learn that one existed.
                        .orElseGet(() -> reject(
                                AuthenticationException.Reason.INVALID_CREDENTIALS,
                                "This API key is unknown, has expired, or was revoked.")));
    }

    private static <T> Future<T> failUnavailable(String reason) {
        LOG.atWarn().addKeyValue("reason", reason).log("API key lookup failed");
        return Future.failedFuture(new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, reason));
    }

    private static Future<Principal> reject(AuthenticationException.Reason reason, String detail) {
        return Future.failedFuture(new AuthenticationException(reason, detail));
    }
}

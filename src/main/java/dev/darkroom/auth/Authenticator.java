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
 * Tells who is calling by what they present in the {@code Authorization} header (RFC 6750, section 2.1). Who presents something
 * is always judged by it, also where nothing need be presented: a key or token that does not work is not to go unnoticed. Thread-safe;
 * nothing blocks.
 */
public final class Authenticator {
    private static final Logger LOG = LoggerFactory.getLogger(Authenticator.class);

    static final Pattern BEARER_PATTERN = Pattern.compile("Bearer +(\\S+) *", Pattern.CASE_INSENSITIVE);

    private final boolean required;
    private final Function<ApiKey, Future<Optional<Principal>>> apiKeyLookup;

    /** Null where there are none. */
    private final Function<String, Future<Principal>> jwtLookup;

    /**
     * @param required whether who presents nothing is refused, and is not {@link Principal#LOCAL}
     * @param keys whose a key is, as {@link ApiKeyCache#findOwner}
     * @param tokens whose a token is, as {@code JwtAuthenticator#authenticate}; null where no tokens are accepted
     */
    public Authenticator(
            boolean required,
            Function<ApiKey, Future<Optional<Principal>>> keys,
            Function<String, Future<Principal>> tokens) {
        this.required = required;
        this.apiKeyLookup = keys;
        this.jwtLookup = tokens;
    }

    /** For an address at which nobody is asked who they are, and no key is known. */
    public static Authenticator forLocalUser() {
        return new Authenticator(false, key -> Future.succeededFuture(Optional.empty()), null);
    }

    /**
     * Completes on the caller's context, at once if it can.
     *
     * @param authorization the header, null when there is none
     * @return fails with a {@link AuthenticationException}
     */
    public Future<Principal> authenticate(String authorization) {
        if (authorization == null) {
            return required
                    ? reject(AuthenticationException.Reason.MISSING_CREDENTIALS, missingCredentialDetail())
                    : Future.succeededFuture(Principal.LOCAL);
        }
        Matcher bearer = BEARER_PATTERN.matcher(authorization);
        if (!bearer.matches()) {
            return reject(
                    AuthenticationException.Reason.INVALID_CREDENTIALS,
                    "The Authorization header must be: Bearer, a space, the key or token.");
        }
        String presented = bearer.group(1);
        return ApiKey.parse(presented).map(this::authenticateApiKey).orElseGet(() -> authenticateToken(presented));
    }

    private String missingCredentialDetail() {
        return jwtLookup == null
                ? "Send an API key: Authorization: Bearer dk_…"
                : "Send an API key, or a token of the issuer that is accepted here: Authorization: Bearer …";
    }

    private Future<Principal> authenticateToken(String presented) {
        // No token begins like a key: a key that was cut off is told what it is.
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
                        // Not which of these: whoever guesses is not to learn that a key was one.
                        .orElseGet(() -> reject(
                                AuthenticationException.Reason.INVALID_CREDENTIALS,
                                "This API key is unknown, has expired, or was revoked.")));
    }

    private static <T> Future<T> failUnavailable(String reason) {
        LOG.atWarn().addKeyValue("reason", reason).log("could not look for an API key");
        return Future.failedFuture(new AuthenticationException(AuthenticationException.Reason.UNAVAILABLE, reason));
    }

    private static Future<Principal> reject(AuthenticationException.Reason why, String detail) {
        return Future.failedFuture(new AuthenticationException(why, detail));
    }
}

package dev.darkroom.access;

import dev.darkroom.database.DatabaseErrors;
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
public final class Doorkeeper {
    private static final Logger LOG = LoggerFactory.getLogger(Doorkeeper.class);

    static final Pattern BEARER = Pattern.compile("Bearer +(\\S+) *", Pattern.CASE_INSENSITIVE);

    private final boolean required;
    private final Function<ApiKey, Future<Optional<Caller>>> keys;

    /** Null where there are none. */
    private final Function<String, Future<Caller>> tokens;

    /**
     * @param required whether who presents nothing is refused, and is not {@link Caller#LOCAL}
     * @param keys whose a key is, as {@link KeyRing#ownerOf}
     * @param tokens whose a token is, as {@link Tokens#bearerOf}; null where no tokens are accepted
     */
    public Doorkeeper(
            boolean required,
            Function<ApiKey, Future<Optional<Caller>>> keys,
            Function<String, Future<Caller>> tokens) {
        this.required = required;
        this.keys = keys;
        this.tokens = tokens;
    }

    /** For an address at which nobody is asked who they are, and no key is known. */
    public static Doorkeeper local() {
        return new Doorkeeper(false, key -> Future.succeededFuture(Optional.empty()), null);
    }

    /**
     * Completes on the caller's context, at once if it can.
     *
     * @param authorization the header, null when there is none
     * @return fails with a {@link Refused}
     */
    public Future<Caller> admit(String authorization) {
        if (authorization == null) {
            return required ? refuse(Refused.Why.NOTHING_PRESENTED, wanted()) : Future.succeededFuture(Caller.LOCAL);
        }
        Matcher bearer = BEARER.matcher(authorization);
        if (!bearer.matches()) {
            return refuse(Refused.Why.NOT_GOOD, "The Authorization header must be: Bearer, a space, the key or token.");
        }
        String presented = bearer.group(1);
        return ApiKey.parse(presented).map(this::owner).orElseGet(() -> other(presented));
    }

    private String wanted() {
        return tokens == null
                ? "Send an API key: Authorization: Bearer dk_…"
                : "Send an API key, or a token of the issuer that is accepted here: Authorization: Bearer …";
    }

    private Future<Caller> other(String presented) {
        // No token begins like a key: a key that was cut off is told what it is.
        return tokens == null || presented.startsWith(ApiKey.PREFIX)
                ? refuse(
                        Refused.Why.NOT_GOOD, "This is not an API key. They look like dk_… and are 84 characters long.")
                : tokens.apply(presented);
    }

    private Future<Caller> owner(ApiKey key) {
        return keys.apply(key)
                .recover(error ->
                        DatabaseErrors.unavailable(error) ? cannotTell(error.getMessage()) : Future.failedFuture(error))
                .compose(owner -> owner.map(Future::succeededFuture)
                        // Not which of these: whoever guesses is not to learn that a key was one.
                        .orElseGet(() ->
                                refuse(Refused.Why.NOT_GOOD, "This API key is unknown, has expired, or was revoked.")));
    }

    private static <T> Future<T> cannotTell(String reason) {
        LOG.atWarn().addKeyValue("reason", reason).log("could not look for an API key");
        return Future.failedFuture(new Refused(Refused.Why.CANNOT_TELL, reason));
    }

    private static Future<Caller> refuse(Refused.Why why, String detail) {
        return Future.failedFuture(new Refused(why, detail));
    }
}

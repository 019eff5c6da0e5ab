package dev.darkroom.access;

import dev.darkroom.config.Settings;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.MalformedClaimException;
import org.jose4j.jwt.NumericDate;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a token has to be and to say. The signature comes first: until it is known to be good, no claim is looked at. */
final class TokenRules {
    private static final Logger LOG = LoggerFactory.getLogger(TokenRules.class);

    /**
     * As api_keys.user_id. Nothing that cannot be stored, or that makes two names look alike in a list: no control characters,
     * no halves of characters, not only white space.
     */
    private static final Pattern USER = Pattern.compile("(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{1,128}");

    /** For the log. The library's own messages show the claims. */
    private static final Map<Integer, String> WORDS = Map.of(
            ErrorCodes.EXPIRED, "it has expired",
            ErrorCodes.EXPIRATION_MISSING, "it has no exp",
            ErrorCodes.NOT_YET_VALID, "its nbf is not reached",
            ErrorCodes.ISSUER_INVALID, "its iss is another",
            ErrorCodes.ISSUER_MISSING, "it has no iss",
            ErrorCodes.AUDIENCE_INVALID, "its aud is another",
            ErrorCodes.AUDIENCE_MISSING, "it has no aud",
            ErrorCodes.SIGNATURE_INVALID, "its signature is not the key's");

    private final Settings.Jwt settings;
    private final InstantSource clock;

    TokenRules(Settings.Jwt settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /** Whether a token that says to end then, in seconds of the epoch, has ended. */
    boolean over(long end) {
        return now() - settings.clockSkew().toSeconds() >= end;
    }

    /**
     * @param key the one that the token names, if there is one
     * @throws Refused when the token is not good
     */
    Tokens.Holder judge(String token, Optional<IssuerKey> key) {
        if (key.isEmpty()) {
            throw refused("its key is not known");
        }
        JwtClaims claims = claims(token, key.get());
        try {
            return new Tokens.Holder(caller(claims), claims.getExpirationTime().getValue());
        } catch (MalformedClaimException e) {
            throw refused("its exp is no time");
        }
    }

    private JwtClaims claims(String token, IssuerKey key) {
        try {
            return new JwtConsumerBuilder()
                    .setJwsAlgorithmConstraints(ConstraintType.PERMIT, Tokens.ALGORITHMS.toArray(String[]::new))
                    .setVerificationKey(key.key())
                    .setExpectedIssuer(settings.issuer())
                    .setExpectedAudience(settings.audience())
                    .setRequireExpirationTime()
                    .setAllowedClockSkewInSeconds((int) settings.clockSkew().toSeconds())
                    .setEvaluationTime(NumericDate.fromSeconds(now()))
                    .build()
                    .processToClaims(token);
        } catch (InvalidJwtException e) {
            List<String> reasons = e.getErrorDetails().stream()
                    .map(error -> WORDS.getOrDefault(error.getErrorCode(), "it cannot be judged good"))
                    .toList();
            throw e.hasExpired() && reasons.size() == 1 ? expired() : refused(String.join(", ", reasons));
        } catch (RuntimeException e) {
            // What the library did not expect is not good either.
            throw refused("it cannot be read: " + e.getClass().getSimpleName());
        }
    }

    private Caller caller(JwtClaims claims) {
        if (!(claims.getClaimValue(settings.userClaim()) instanceof String user)
                || !USER.matcher(user).matches()) {
            throw refused("its " + settings.userClaim() + " is no user's name");
        }
        return new Caller(user, isAdmin(claims) ? Role.ADMIN : Role.USER);
    }

    private boolean isAdmin(JwtClaims claims) {
        if (settings.adminClaim() == null) {
            return false;
        }
        Object value = claims.getClaimValue(settings.adminClaim());
        return settings.adminValue().equals(value)
                || (value instanceof Collection<?> list && list.contains(settings.adminValue()));
    }

    private long now() {
        return clock.instant().getEpochSecond();
    }

    private static Refused expired() {
        return refused(WORDS.get(ErrorCodes.EXPIRED), "This token has expired.");
    }

    /** One text for all: who tries tokens out is not to learn how far they came. The reason is for a log that is asked for. */
    static Refused refused(String reason) {
        return refused(reason, "This is neither an API key nor a token that is accepted here.");
    }

    private static Refused refused(String reason, String detail) {
        LOG.atDebug().addKeyValue("reason", reason).log("token refused");
        return new Refused(Refused.Why.NOT_GOOD, detail);
    }
}

package dev.darkroom.auth.jwt;

import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
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
final class JwtValidator {
    private static final Logger LOG = LoggerFactory.getLogger(JwtValidator.class);

    /**
     * As api_keys.user_id. Nothing that cannot be stored, or that makes two names look alike in a list: no control characters,
     * no halves of characters, not only white space.
     */
    private static final Pattern USER_NAME_PATTERN = Pattern.compile("(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{1,128}");

    /** For the log. The library's own messages show the claims. */
    private static final Map<Integer, String> ERROR_DESCRIPTIONS = Map.of(
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

    JwtValidator(Settings.Jwt settings, InstantSource clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /** Whether a token that says to end then, in seconds of the epoch, has ended. */
    boolean isExpired(long end) {
        return nowSeconds() - settings.clockSkew().toSeconds() >= end;
    }

    /**
     * @param key the one that the token names, if there is one
     * @throws AuthenticationException when the token is not good
     */
    JwtAuthenticator.VerifiedToken validate(String token, Optional<JwtVerificationKey> key) {
        if (key.isEmpty()) {
            throw invalidToken("its key is not known");
        }
        JwtClaims claims = verifyClaims(token, key.get());
        try {
            return new JwtAuthenticator.VerifiedToken(
                    toPrincipal(claims), claims.getExpirationTime().getValue());
        } catch (MalformedClaimException e) {
            throw invalidToken("its exp is no time");
        }
    }

    private JwtClaims verifyClaims(String token, JwtVerificationKey key) {
        try {
            return new JwtConsumerBuilder()
                    .setJwsAlgorithmConstraints(
                            ConstraintType.PERMIT, JwtAuthenticator.ACCEPTED_ALGORITHMS.toArray(String[]::new))
                    .setVerificationKey(key.key())
                    .setExpectedIssuer(settings.issuer())
                    .setExpectedAudience(settings.audience())
                    .setRequireExpirationTime()
                    .setAllowedClockSkewInSeconds((int) settings.clockSkew().toSeconds())
                    .setEvaluationTime(NumericDate.fromSeconds(nowSeconds()))
                    .build()
                    .processToClaims(token);
        } catch (InvalidJwtException e) {
            List<String> reasons = e.getErrorDetails().stream()
                    .map(error -> ERROR_DESCRIPTIONS.getOrDefault(error.getErrorCode(), "it cannot be judged good"))
                    .toList();
            throw e.hasExpired() && reasons.size() == 1 ? expiredToken() : invalidToken(String.join(", ", reasons));
        } catch (RuntimeException e) {
            // What the library did not expect is not good either.
            throw invalidToken("it cannot be read: " + e.getClass().getSimpleName());
        }
    }

    private Principal toPrincipal(JwtClaims claims) {
        if (!(claims.getClaimValue(settings.userClaim()) instanceof String user)
                || !USER_NAME_PATTERN.matcher(user).matches()) {
            throw invalidToken("its " + settings.userClaim() + " is no user's name");
        }
        return new Principal(user, isAdmin(claims) ? Role.ADMIN : Role.USER);
    }

    private boolean isAdmin(JwtClaims claims) {
        if (settings.adminClaim() == null) {
            return false;
        }
        Object value = claims.getClaimValue(settings.adminClaim());
        return settings.adminValue().equals(value)
                || (value instanceof Collection<?> list && list.contains(settings.adminValue()));
    }

    private long nowSeconds() {
        return clock.instant().getEpochSecond();
    }

    private static AuthenticationException expiredToken() {
        return invalidToken(ERROR_DESCRIPTIONS.get(ErrorCodes.EXPIRED), "This token has expired.");
    }

    /** One text for all: who tries tokens out is not to learn how far they came. The reason is for a log that is asked for. */
    static AuthenticationException invalidToken(String reason) {
        return invalidToken(reason, "This is neither an API key nor a token that is accepted here.");
    }

    private static AuthenticationException invalidToken(String reason, String detail) {
        LOG.atDebug().addKeyValue("reason", reason).log("token refused");
        return new AuthenticationException(AuthenticationException.Reason.INVALID_CREDENTIALS, detail);
    }
}

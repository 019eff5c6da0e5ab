package dev.darkroom.auth.jwt;

import dev.darkroom.auth.AuthenticationException;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.InboundSettings;
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

/** Validates the signature and then the claims of a token. No claim is read before the signature is verified. */
record JwtValidator(InboundSettings.Jwt settings, InstantSource clock) {
    private static final Logger LOG = LoggerFactory.getLogger(JwtValidator.class);

    /**
     * The user names that {@code api_keys.user_id} accepts: 1 to 128 characters, not only white space. Excludes control characters,
     * line separators and unpaired surrogates, which cannot be stored or make two names look alike.
     */
    private static final Pattern USER_NAME_PATTERN = Pattern.compile("(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{1,128}");

    /** Descriptions for the log. The messages of the library contain the claims. */
    private static final Map<Integer, String> ERROR_DESCRIPTIONS = Map.of(
            ErrorCodes.EXPIRED, "it has expired",
            ErrorCodes.EXPIRATION_MISSING, "it has no exp",
            ErrorCodes.NOT_YET_VALID, "its nbf is in the future",
            ErrorCodes.ISSUER_INVALID, "its iss is not the configured issuer",
            ErrorCodes.ISSUER_MISSING, "it has no iss",
            ErrorCodes.AUDIENCE_INVALID, "its aud is not the configured audience",
            ErrorCodes.AUDIENCE_MISSING, "it has no aud",
            ErrorCodes.SIGNATURE_INVALID, "its signature is wrong");

    /**
     * Whether a token has expired, with the configured clock skew.
     *
     * @param expirySeconds its {@code exp}, in seconds since 1970
     */
    boolean isExpired(long expirySeconds) {
        return nowSeconds() - settings.clockSkew().toSeconds() >= expirySeconds;
    }

    /**
     * Verifies the signature and the claims.
     *
     * @param key the key that the token refers to; empty when unknown
     * @throws AuthenticationException when the token is invalid
     */
    JwtAuthenticator.VerifiedToken validate(String token, Optional<JwtVerificationKey> key) {
        if (key.isEmpty()) {
            throw invalidToken("its key is unknown");
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
                    .map(error -> ERROR_DESCRIPTIONS.getOrDefault(error.getErrorCode(), "its claims are invalid"))
                    .toList();
            throw e.hasExpired() && reasons.size() == 1 ? expiredToken() : invalidToken(String.join(", ", reasons));
        } catch (RuntimeException e) {
            // The library throws runtime exceptions on malformed input.
            throw invalidToken("it cannot be read: " + e.getClass().getSimpleName());
        }
    }

    private Principal toPrincipal(JwtClaims claims) {
        if (!(claims.getClaimValue(settings.userClaim()) instanceof String user)
                || !USER_NAME_PATTERN.matcher(user).matches()) {
            throw invalidToken("its " + settings.userClaim() + " is no valid user name");
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

    /** Returns the same detail for all reasons, so that an attacker does not learn which check failed. Logs the reason at debug level. */
    static AuthenticationException invalidToken(String reason) {
        return invalidToken(reason, "This is neither an API key nor a token that is accepted here.");
    }

    private static AuthenticationException invalidToken(String reason, String detail) {
        LOG.atDebug().addKeyValue("reason", reason).log("JWT rejected");
        return new AuthenticationException(AuthenticationException.Reason.INVALID_CREDENTIALS, detail);
    }
}

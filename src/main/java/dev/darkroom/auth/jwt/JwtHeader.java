package dev.darkroom.auth.jwt;

import dev.darkroom.auth.AuthenticationException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwx.HeaderParameterNames;
import org.jose4j.jwx.Headers;
import org.jose4j.lang.JoseException;

/**
 * The JOSE header of a token (RFC 7515, section 4), read before the signature is verified.
 *
 * @param algorithm one of {@link JwtAuthenticator#ACCEPTED_ALGORITHMS}
 * @param keyId the {@code kid}; null when absent
 */
record JwtHeader(String algorithm, String keyId) {
    private static final Pattern COMPACT_FORM = Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");

    /** Rejects tokens for other purposes, such as logout tokens (RFC 8725, section 3.11). */
    private static final Set<String> ACCEPTED_TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");

    /** @throws AuthenticationException when the header is malformed or not acceptable */
    static JwtHeader read(String token) {
        if (!COMPACT_FORM.matcher(token).matches()) {
            throw JwtValidator.invalidToken("it is not three parts in base64url");
        }
        Headers headers = parseHeaders(token);
        if (!(headers.getObjectHeaderValue(HeaderParameterNames.ALGORITHM) instanceof String algorithm)
                || !JwtAuthenticator.ACCEPTED_ALGORITHMS.contains(algorithm)) {
            throw JwtValidator.invalidToken("its alg is not accepted");
        }
        Object type = headers.getObjectHeaderValue(HeaderParameterNames.TYPE);
        if (type != null && !(type instanceof String text && ACCEPTED_TYPES.contains(text.toLowerCase(Locale.ROOT)))) {
            throw JwtValidator.invalidToken("its typ is not that of an access token");
        }
        // Rejects extensions, none of which is supported, and nested tokens.
        if (headers.getObjectHeaderValue(HeaderParameterNames.CRITICAL) != null
                || headers.getObjectHeaderValue(HeaderParameterNames.CONTENT_TYPE) != null) {
            throw JwtValidator.invalidToken("it has crit or cty");
        }
        Object key = headers.getObjectHeaderValue(HeaderParameterNames.KEY_ID);
        if (key != null && !(key instanceof String)) {
            throw JwtValidator.invalidToken("its kid is no string");
        }
        return new JwtHeader(algorithm, (String) key);
    }

    private static Headers parseHeaders(String token) {
        try {
            JsonWebSignature signature = new JsonWebSignature();
            signature.setCompactSerialization(token);
            return signature.getHeaders();
        } catch (JoseException | RuntimeException e) {
            // The parser throws runtime exceptions on malformed input.
            throw JwtValidator.invalidToken("its header cannot be read");
        }
    }
}

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
 * What a token says of itself before anything of it is known to be true (RFC 7515, section 4).
 *
 * @param algorithm one of {@link JwtAuthenticator#ACCEPTED_ALGORITHMS}
 * @param keyId what it calls its key; null when it does not
 */
record JwtHeader(String algorithm, String keyId) {
    private static final Pattern COMPACT_FORM = Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");

    /** Other types are for other uses, such as logging somebody out, whoever signed them (RFC 8725, section 3.11). */
    private static final Set<String> ACCEPTED_TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");

    /** @throws AuthenticationException when nothing of it need be looked at further */
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
        // Extensions of which we know none, and tokens inside of tokens.
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
            // Whatever a stranger's text does to the parser, it is the text that is wrong.
            throw JwtValidator.invalidToken("its header cannot be read");
        }
    }
}

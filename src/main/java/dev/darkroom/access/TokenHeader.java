package dev.darkroom.access;

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
 * @param algorithm one of {@link Tokens#ALGORITHMS}
 * @param key what it calls its key; null when it does not
 */
record TokenHeader(String algorithm, String key) {
    private static final Pattern SHAPE = Pattern.compile("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+");

    /** Other types are for other uses, such as logging somebody out, whoever signed them (RFC 8725, section 3.11). */
    private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/jwt", "application/at+jwt");

    /** @throws Refused when nothing of it need be looked at further */
    static TokenHeader read(String token) {
        if (!SHAPE.matcher(token).matches()) {
            throw TokenRules.refused("it is not three parts in base64url");
        }
        Headers headers = parse(token);
        if (!(headers.getObjectHeaderValue(HeaderParameterNames.ALGORITHM) instanceof String algorithm)
                || !Tokens.ALGORITHMS.contains(algorithm)) {
            throw TokenRules.refused("its alg is not accepted");
        }
        Object type = headers.getObjectHeaderValue(HeaderParameterNames.TYPE);
        if (type != null && !(type instanceof String text && TYPES.contains(text.toLowerCase(Locale.ROOT)))) {
            throw TokenRules.refused("its typ is not that of an access token");
        }
        // Extensions of which we know none, and tokens inside of tokens.
        if (headers.getObjectHeaderValue(HeaderParameterNames.CRITICAL) != null
                || headers.getObjectHeaderValue(HeaderParameterNames.CONTENT_TYPE) != null) {
            throw TokenRules.refused("it has crit or cty");
        }
        Object key = headers.getObjectHeaderValue(HeaderParameterNames.KEY_ID);
        if (key != null && !(key instanceof String)) {
            throw TokenRules.refused("its kid is no string");
        }
        return new TokenHeader(algorithm, (String) key);
    }

    private static Headers parse(String token) {
        try {
            JsonWebSignature signature = new JsonWebSignature();
            signature.setCompactSerialization(token);
            return signature.getHeaders();
        } catch (JoseException | RuntimeException e) {
            // Whatever a stranger's text does to the parser, it is the text that is wrong.
            throw TokenRules.refused("its header cannot be read");
        }
    }
}

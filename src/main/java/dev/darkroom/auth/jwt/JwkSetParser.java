package dev.darkroom.auth.jwt;

import java.security.PublicKey;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.Use;
import org.jose4j.lang.JoseException;

/** Understands a JWK set (RFC 7517): of what stands there the public keys that are for signatures, and have a name. */
final class JwkSetParser {
    /** No issuer has more than a handful. */
    private static final int MAX_KEYS = 100;

    private JwkSetParser() {}

    /**
     * By their names. Keys of a kind that is unknown here are for others, and are passed over (section 5).
     *
     * @throws JoseException when it is no JWK set, or there is no key for us in it
     */
    static Map<String, JwtVerificationKey> parse(String json) throws JoseException {
        List<JsonWebKey> all = new JsonWebKeySet(json).getJsonWebKeys();
        if (all.size() > MAX_KEYS) {
            throw new JoseException("there are more than " + MAX_KEYS + " keys");
        }
        Map<String, JwtVerificationKey> keys = new HashMap<>();
        for (JsonWebKey jwk : all) {
            // A shared secret is no PublicJsonWebKey: nobody who checks a signature is to be able to make one.
            if (jwk instanceof PublicJsonWebKey && jwk.getKeyId() != null && isForSignatures(jwk)) {
                keys.putIfAbsent(jwk.getKeyId(), new JwtVerificationKey((PublicKey) jwk.getKey(), jwk.getAlgorithm()));
            }
        }
        if (keys.isEmpty()) {
            throw new JoseException("there is no key for signatures that has a kid");
        }
        return Map.copyOf(keys);
    }

    private static boolean isForSignatures(JsonWebKey jwk) {
        List<String> operations = jwk.getKeyOps();
        return (jwk.getUse() == null || jwk.getUse().equals(Use.SIGNATURE))
                && (operations == null || operations.contains("verify"))
                && (jwk.getAlgorithm() == null || JwtAuthenticator.ACCEPTED_ALGORITHMS.contains(jwk.getAlgorithm()));
    }
}

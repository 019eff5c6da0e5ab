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

/** Parses a JWK set (RFC 7517) into the public keys for signatures that have a {@code kid}. */
final class JwkSetParser {
    /** Limit of keys in a set. Issuers publish a few. */
    private static final int MAX_KEYS = 100;

    private JwkSetParser() {}

    /**
     * Returns the keys by {@code kid}. Skips keys of unknown types (RFC 7517, section 5).
     *
     * @throws JoseException when the text is no JWK set or contains no usable key
     */
    static Map<String, JwtVerificationKey> parse(String json) throws JoseException {
        List<JsonWebKey> all = new JsonWebKeySet(json).getJsonWebKeys();
        if (all.size() > MAX_KEYS) {
            throw new JoseException("there are more than " + MAX_KEYS + " keys");
        }
        Map<String, JwtVerificationKey> keys = new HashMap<>();
        for (JsonWebKey jwk : all) {
            // Excludes shared secrets: with one, every verifier could sign.
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

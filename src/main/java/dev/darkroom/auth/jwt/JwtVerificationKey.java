package dev.darkroom.auth.jwt;

import java.security.PublicKey;

/**
 * A public key that verifies the signatures of an issuer.
 *
 * @param algorithm the only algorithm the key is for (RFC 7518, section 3.1); null for all algorithms of its key type
 */
record JwtVerificationKey(PublicKey key, String algorithm) {

    boolean supports(String requested) {
        return algorithm == null || algorithm.equals(requested);
    }
}

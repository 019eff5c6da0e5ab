package dev.darkroom.auth.jwt;

import java.security.PublicKey;

/**
 * A key by which an issuer's signatures are checked.
 *
 * @param algorithm the one that it is for (RFC 7518, section 3.1); null for all that fit its type
 */
record JwtVerificationKey(PublicKey key, String algorithm) {

    boolean supports(String wanted) {
        return algorithm == null || algorithm.equals(wanted);
    }
}

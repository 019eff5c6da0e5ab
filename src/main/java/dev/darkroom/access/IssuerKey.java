package dev.darkroom.access;

import java.security.PublicKey;

/**
 * A key by which an issuer's signatures are checked.
 *
 * @param algorithm the one that it is for (RFC 7518, section 3.1); null for all that fit its type
 */
record IssuerKey(PublicKey key, String algorithm) {

    boolean isFor(String wanted) {
        return algorithm == null || algorithm.equals(wanted);
    }
}

package dev.darkroom.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;

/**
 * A key that signs URLs with HMAC-SHA-256 (RFC 2104). {@code toString} shows no secret.
 *
 * @param retiresAt the time from which its signatures are rejected; null for the key that signs
 */
record UrlSigningKey(int id, byte[] secret, Instant retiresAt) {

    /**
     * Signs a name and an expiry in seconds since 1970. Returns Base64url without padding.
     *
     * @param purpose of the URL; a signature for another purpose is never valid (domain separation)
     */
    String sign(String purpose, String name, String expires) {
        byte[] mac = new HmacUtils(HmacAlgorithms.HMAC_SHA_256, secret)
                .hmac("darkroom " + purpose + "\n" + name + "\n" + expires);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(mac);
    }

    /** Compares in constant time. */
    boolean isValidSignature(String purpose, String name, String expires, String signature) {
        return MessageDigest.isEqual(
                sign(purpose, name, expires).getBytes(StandardCharsets.UTF_8),
                signature.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "URL signing key " + id;
    }
}

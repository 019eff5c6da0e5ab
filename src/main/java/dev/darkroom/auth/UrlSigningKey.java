package dev.darkroom.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;

/**
 * A key that signs image URLs with HMAC-SHA-256 (RFC 2104). {@code toString} shows no secret.
 *
 * @param retiresAt the time from which its signatures are rejected; null for the key that signs
 */
record UrlSigningKey(int id, byte[] secret, Instant retiresAt) {

    /** Signs the name of an image and an expiry in seconds since 1970. Returns Base64url without padding. */
    String sign(String imageName, String expires) {
        // The purpose comes first (domain separation): a signature for another purpose is never valid for a URL.
        byte[] mac = new HmacUtils(HmacAlgorithms.HMAC_SHA_256, secret)
                .hmac("darkroom image\n" + imageName + "\n" + expires);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(mac);
    }

    /** Compares in constant time. */
    boolean isValidSignature(String imageName, String expires, String signature) {
        return MessageDigest.isEqual(
                sign(imageName, expires).getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return "URL signing key " + id;
    }
}

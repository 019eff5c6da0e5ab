package dev.darkroom.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A key that signs image URLs with HMAC-SHA-256 (RFC 2104). {@code toString} shows no secret.
 *
 * @param retiresAt the time from which its signatures are rejected; null for the key that signs
 */
record UrlSigningKey(int id, SecretKeySpec secret, Instant retiresAt) {
    private static final String ALGORITHM = "HmacSHA256";

    static UrlSigningKey of(int id, byte[] secret, Instant retiresAt) {
        return new UrlSigningKey(id, new SecretKeySpec(secret, ALGORITHM), retiresAt);
    }

    /** Signs the name of an image and an expiry in seconds since 1970. Returns Base64url without padding. */
    String sign(String imageName, String expires) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(computeMac(imageName, expires));
    }

    /** Compares in constant time. */
    boolean isValidSignature(String imageName, String expires, String signature) {
        return MessageDigest.isEqual(
                sign(imageName, expires).getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    }

    private byte[] computeMac(String imageName, String expires) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(secret);
            // The purpose comes first (domain separation): a signature for another purpose is never valid for a URL.
            return mac.doFinal(("darkroom image\n" + imageName + "\n" + expires).getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }

    @Override
    public String toString() {
        return "URL signing key " + id;
    }
}

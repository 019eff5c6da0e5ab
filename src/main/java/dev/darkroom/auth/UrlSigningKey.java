package dev.darkroom.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What picture links are signed with, HMAC-SHA-256 (RFC 2104). {@code toString} shows no secret.
 *
 * @param retiresAt from when on links that it signed are not believed any more; null as long as it signs
 */
record UrlSigningKey(int id, SecretKeySpec secret, Instant retiresAt) {
    private static final String ALGORITHM = "HmacSHA256";

    static UrlSigningKey of(int id, byte[] secret, Instant retiresAt) {
        return new UrlSigningKey(id, new SecretKeySpec(secret, ALGORITHM), retiresAt);
    }

    /** For a picture, until a time in seconds since 1970. */
    String sign(String imageName, String expires) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(computeMac(imageName, expires));
    }

    /** In a time that does not depend on how much of it is right. */
    boolean isValidSignature(String imageName, String expires, String signature) {
        return MessageDigest.isEqual(
                sign(imageName, expires).getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    }

    private byte[] computeMac(String imageName, String expires) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(secret);
            // What it is for comes first, so that nothing else that is signed one day can be taken for a link.
            return mac.doFinal(("darkroom picture\n" + imageName + "\n" + expires).getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }

    @Override
    public String toString() {
        return "link key " + id;
    }
}

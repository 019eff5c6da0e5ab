package dev.darkroom.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs deliveries according to Standard Webhooks 1.0.0: HMAC-SHA256 over id, timestamp and body. */
public final class WebhookSigner {
    /** Bytes of a secret; the standard requires 24 to 64. */
    private static final int SECRET_LENGTH = 32;

    private static final String PREFIX = "whsec_";
    private static final String ALGORITHM = "HmacSHA256";

    private WebhookSigner() {}

    public static byte[] generateSecret(SecureRandom random) {
        byte[] secret = new byte[SECRET_LENGTH];
        random.nextBytes(secret);
        return secret;
    }

    /** Returns the text form of a secret: {@code whsec_} and Base64. */
    public static String encodeSecret(byte[] secret) {
        return PREFIX + Base64.getEncoder().encodeToString(secret);
    }

    /**
     * Returns the value of the {@code webhook-signature} header: one signature per secret, separated by spaces. A webhook has two
     * secrets for some time after the rotation of its secret.
     *
     * @param id message id, the same in every attempt
     * @param timestamp start of the attempt in seconds since 1970
     * @param body request body
     */
    static String sign(List<byte[]> secrets, String id, long timestamp, byte[] body) {
        byte[] head = (id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8);
        return secrets.stream()
                .map(secret -> "v1," + Base64.getEncoder().encodeToString(hmac(secret, head, body)))
                .collect(Collectors.joining(" "));
    }

    private static byte[] hmac(byte[] secret, byte[] head, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            mac.update(head);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(ALGORITHM + " is not available", e);
        }
    }
}

package dev.darkroom.webhook;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;

/** Signs deliveries according to Standard Webhooks 1.0.0: HMAC-SHA256 over id, timestamp and body. */
public final class WebhookSigner {
    /** Bytes of a secret; the standard requires 24 to 64. */
    private static final int SECRET_LENGTH = 32;

    private static final String PREFIX = "whsec_";

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
     * Returns the signing secrets, the current one first.
     *
     * @param secrets null for a secret that does not exist
     */
    public static List<byte[]> existingSecrets(Buffer... secrets) {
        return Stream.of(secrets).filter(Objects::nonNull).map(Buffer::getBytes).toList();
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
        Mac mac = HmacUtils.getInitializedMac(HmacAlgorithms.HMAC_SHA_256, secret);
        mac.update(head);
        return mac.doFinal(body);
    }

    /**
     * Returns the request headers of Standard Webhooks 1.0.0.
     *
     * @param id message id, the same in every attempt
     * @param sentAt start of the attempt in seconds since 1970
     * @param secrets signing secrets; the header has one signature for each
     */
    public static Map<String, String> signedHeaders(
            String id, long sentAt, PayloadFormat payloadFormat, List<byte[]> secrets, Buffer body) {
        return Map.of(
                "Content-Type", payloadFormat.contentType(),
                "webhook-id", id,
                "webhook-timestamp", String.valueOf(sentAt),
                "webhook-signature", sign(secrets, id, sentAt, body.getBytes()));
    }
}

package dev.darkroom.webhook;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;

/** Creates the request headers of Standard Webhooks 1.0.0. */
public final class WebhookRequestHeaders {
    private WebhookRequestHeaders() {}

    /**
     * @param id message id, the same in every attempt
     * @param sentAt start of the attempt in seconds since 1970
     * @param secrets signing secrets; the header has one signature for each
     */
    public static Map<String, String> of(
            String id, long sentAt, PayloadFormat payloadFormat, List<byte[]> secrets, Buffer body) {
        return Map.of(
                "Content-Type", payloadFormat.contentType(),
                "webhook-id", id,
                "webhook-timestamp", String.valueOf(sentAt),
                "webhook-signature", WebhookSigner.sign(secrets, id, sentAt, body.getBytes()));
    }
}

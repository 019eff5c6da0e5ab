package dev.darkroom.webhook;

import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;

/** The headers of Standard Webhooks 1.0.0. */
final class MessageHeaders {
    private MessageHeaders() {}

    /**
     * @param id the same in every attempt
     * @param sentAt of the attempt, in seconds since 1970
     * @param secrets one signature for each
     */
    static Map<String, String> of(String id, long sentAt, Format format, List<byte[]> secrets, Buffer body) {
        return Map.of(
                "Content-Type", format.contentType(),
                "webhook-id", id,
                "webhook-timestamp", String.valueOf(sentAt),
                "webhook-signature", SigningSecret.sign(secrets, id, sentAt, body.getBytes()));
    }
}

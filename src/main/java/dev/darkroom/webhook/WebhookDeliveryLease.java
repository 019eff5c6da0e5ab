package dev.darkroom.webhook;

import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.Lease;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * A delivery that this node has claimed.
 *
 * @param fencingToken whose key is the delivery's id
 * @param number which attempt this is, from 1
 * @param failures of this stay in the queue, before this attempt
 * @param webhookId null when a request named the URL
 * @param notificationId what receivers tell doubles by
 * @param secrets what to sign with, the newest first
 * @param sentAtSeconds when the attempt began, in seconds since 1970 by the database's clock
 * @param failingFor since when the endpoint has failed without a success, null when it has not
 * @param webhookDisabled the endpoint is to be sent nothing any more
 */
record WebhookDeliveryLease(
        FencingToken fencingToken,
        int number,
        int failures,
        UUID webhookId,
        UUID notificationId,
        UUID generationId,
        String url,
        PayloadFormat payloadFormat,
        Buffer body,
        List<byte[]> secrets,
        long sentAtSeconds,
        Duration failingFor,
        boolean webhookDisabled)
        implements Lease {

    UUID deliveryId() {
        return fencingToken.key();
    }
}

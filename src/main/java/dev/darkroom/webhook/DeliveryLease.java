package dev.darkroom.webhook;

import dev.darkroom.lease.Fence;
import dev.darkroom.lease.Leased;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * A delivery that this node has claimed.
 *
 * @param fence whose key is the delivery's id
 * @param number which attempt this is, from 1
 * @param failures of this stay in the queue, before this attempt
 * @param webhookId null when a request named the URL
 * @param notificationId what receivers tell doubles by
 * @param secrets what to sign with, the newest first
 * @param sentAt when the attempt began, in seconds since 1970 by the database's clock
 * @param failingFor since when the endpoint has failed without a success, null when it has not
 * @param disabled the endpoint is to be sent nothing any more
 */
record DeliveryLease(
        Fence fence,
        int number,
        int failures,
        UUID webhookId,
        UUID notificationId,
        UUID generationId,
        String url,
        Format format,
        Buffer body,
        List<byte[]> secrets,
        long sentAt,
        Duration failingFor,
        boolean disabled)
        implements Leased {

    UUID deliveryId() {
        return fence.key();
    }
}

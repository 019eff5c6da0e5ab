package dev.darkroom.webhook;

import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.Lease;
import dev.darkroom.telemetry.TraceContext;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Lease of a delivery that this node claimed. Immutable; the arrays in {@code secrets} must not be modified.
 *
 * @param fencingToken its key is the delivery id
 * @param number number of the attempt, starts at 1
 * @param failures failures since the delivery was last enqueued, without this attempt
 * @param webhookId null for a delivery to the URL of a request
 * @param notificationId message id; receivers detect duplicates by it
 * @param generationId null if the notification refers to no generation
 * @param url target URL; null if abandoned
 * @param payloadFormat null if abandoned
 * @param body request body, identical in every attempt; null if abandoned. Not sent with {@link PayloadFormat#PREDICTION}
 * @param secrets signing secrets, newest first; empty if abandoned
 * @param sentAtSeconds start of the attempt in seconds since 1970 by the database clock; 0 if abandoned
 * @param failingFor time for which the webhook has failed without a success; null if its last attempt succeeded, or if abandoned
 * @param webhookDisabled whether the webhook was disabled or deleted
 * @param trace of the acceptance of the generation; null without tracing, or if abandoned
 * @param waited time from the due time to the claim; null if abandoned
 * @param claimedAt time of the claim by {@link System#nanoTime()}; 0 if abandoned
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
        boolean webhookDisabled,
        TraceContext trace,
        Duration waited,
        long claimedAt)
        implements Lease {

    UUID deliveryId() {
        return fencingToken.key();
    }
}

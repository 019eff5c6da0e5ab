package dev.darkroom.webhook.command;

import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/**
 * Delivery of one notification to one webhook. Immutable.
 *
 * @param type event type of the notification
 * @param generationId generation that the notification refers to; null if there is none
 * @param endedAt null while {@link DeliveryStatus#PENDING}
 * @param nextAttemptAt null unless an attempt is scheduled and none is in progress
 * @param attempts attempts that have ended, oldest first
 */
public record Delivery(
        UUID id,
        UUID notificationId,
        String type,
        UUID generationId,
        DeliveryStatus status,
        OffsetDateTime createdAt,
        OffsetDateTime endedAt,
        OffsetDateTime nextAttemptAt,
        List<DeliveryAttempt> attempts)
        implements WebhookResult {
    public Delivery {
        attempts = List.copyOf(attempts);
    }
}

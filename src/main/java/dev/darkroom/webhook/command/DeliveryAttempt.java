package dev.darkroom.webhook.command;

import dev.darkroom.webhook.DeliveryAttemptOutcome;
import java.time.OffsetDateTime;

/**
 * Attempt of a delivery that has ended. Immutable.
 *
 * @param number 1 for the first attempt that ended
 * @param httpStatus null if there was no response
 * @param code reason of a failure; null if {@code outcome} is {@link DeliveryAttemptOutcome#DELIVERED}
 * @param retryAt scheduled time of the next attempt; null if there was none
 */
public record DeliveryAttempt(
        int number,
        OffsetDateTime startedAt,
        OffsetDateTime finishedAt,
        DeliveryAttemptOutcome outcome,
        Integer httpStatus,
        String code,
        OffsetDateTime retryAt) {}

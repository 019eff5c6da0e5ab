package dev.darkroom.webhook;

/** Reason for disabling a webhook. */
public enum DisableReason {
    /** The receiver returned 410. */
    GONE(null),
    /** The webhook failed for {@link WebhookDeliveryStore#DISABLE_AFTER} without a success. */
    FAILING_FOR_5_DAYS(WebhookDeliveryStore.DISABLE_AFTER.toMillis()),
    /** The owner disabled it. */
    BY_OWNER(null);

    private final Long afterMillis;

    DisableReason(Long afterMillis) {
        this.afterMillis = afterMillis;
    }

    /** Returns the minimum time of failing without a success, in milliseconds; null to disable immediately. */
    Long afterMillis() {
        return afterMillis;
    }
}

package dev.darkroom.webhook.command;

import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/** Result of a {@link WebhookCommand}. Immutable. The components have the names and the order of the JSON in HTTP responses. */
public sealed interface WebhookResult
        permits Delivery,
                Webhook,
                WebhookResult.CreatedWebhook,
                WebhookResult.DeletedWebhook,
                WebhookResult.DeliveryPage,
                WebhookResult.RedeliveryCount,
                WebhookResult.SigningSecret,
                WebhookResult.TestOutcome,
                WebhookResult.WebhookPage {

    /** A new webhook with its secret, which no other result contains. */
    record CreatedWebhook(Webhook webhook, SigningSecret secret) implements WebhookResult {}

    record DeletedWebhook(UUID id) implements WebhookResult {}

    /**
     * Page of a user's webhooks.
     *
     * @param items oldest first
     * @param nextCursor null on the last page
     */
    record WebhookPage(List<Webhook> items, UUID nextCursor) implements WebhookResult {
        public WebhookPage {
            items = List.copyOf(items);
        }
    }

    /**
     * Secret that signs deliveries. Its text form is redacted.
     *
     * @param secret in the notation of Standard Webhooks
     * @param previousSecretExpiresAt time until which the previous secret also signs; null if there is none
     */
    record SigningSecret(String secret, OffsetDateTime previousSecretExpiresAt) implements WebhookResult {
        @Override
        public String toString() {
            return "SigningSecret[redacted]";
        }
    }

    /**
     * Outcome of a test event.
     *
     * @param delivered whether the receiver accepted the event
     * @param durationMs duration of the call in milliseconds
     * @param httpStatus null if there was no response
     * @param code reason of the failure; null if the test event was delivered
     */
    record TestOutcome(boolean delivered, long durationMs, Integer httpStatus, String code) implements WebhookResult {}

    /**
     * Page of a webhook's deliveries.
     *
     * @param items newest first
     * @param nextCursor null on the last page
     */
    record DeliveryPage(List<Delivery> items, String nextCursor) implements WebhookResult {
        public DeliveryPage {
            items = List.copyOf(items);
        }
    }

    /**
     * Result of the redelivery of a time range.
     *
     * @param queued number of enqueued deliveries
     * @param hasMore whether further deliveries of the range may remain
     */
    record RedeliveryCount(int queued, boolean hasMore) implements WebhookResult {}
}

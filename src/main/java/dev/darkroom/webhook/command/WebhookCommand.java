package dev.darkroom.webhook.command;

import dev.darkroom.eventbus.Command;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.WebhookBus;
import dev.darkroom.webhook.command.WebhookResult.CreatedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeletedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeliveryPage;
import dev.darkroom.webhook.command.WebhookResult.RedeliveryCount;
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import dev.darkroom.webhook.command.WebhookResult.TestOutcome;
import dev.darkroom.webhook.command.WebhookResult.WebhookPage;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/**
 * Command on {@link WebhookBus#COMMANDS}. It accesses only the webhooks of its user, for admins too. Available only inside the process,
 * because results contain secrets.
 */
public sealed interface WebhookCommand<R extends WebhookResult> extends Command<R> {

    /**
     * Properties that the owner sets. In an update, null keeps the current value; the defaults below apply to a new webhook.
     *
     * @param url receiver URL, not checked by the egress policy; not null for a new webhook
     * @param eventTypes subscribed event types; null for all
     * @param payloadFormat null for {@link PayloadFormat#STANDARD}
     * @param description text for the owner; may be null
     */
    record WebhookSpec(String url, List<String> eventTypes, PayloadFormat payloadFormat, String description) {
        public WebhookSpec {
            eventTypes = eventTypes == null ? null : List.copyOf(eventTypes);
        }
    }

    record CreateWebhook(String user, WebhookSpec webhookSpec) implements WebhookCommand<CreatedWebhook> {}

    /**
     * Lists the webhooks of the user, oldest first.
     *
     * @param limit maximum number of webhooks, at least 1
     * @param cursor id after which the page starts; null for the first page
     */
    record ListWebhooks(String user, int limit, UUID cursor) implements WebhookCommand<WebhookPage> {}

    record GetWebhook(String user, UUID id) implements WebhookCommand<Webhook> {}

    record UpdateWebhook(String user, UUID id, WebhookSpec webhookSpec) implements WebhookCommand<Webhook> {}

    record DeleteWebhook(String user, UUID id) implements WebhookCommand<DeletedWebhook> {}

    /** Sends a test event to the URL of a webhook. */
    record TestWebhook(String user, UUID id) implements WebhookCommand<TestOutcome> {}

    record RotateWebhookSecret(String user, UUID id) implements WebhookCommand<SigningSecret> {}

    record EnableWebhook(String user, UUID id) implements WebhookCommand<Webhook> {}

    record DisableWebhook(String user, UUID id) implements WebhookCommand<Webhook> {}

    /**
     * Lists the deliveries of a webhook, newest first.
     *
     * @param status null for any status
     * @param limit maximum number of deliveries, at least 1
     * @param cursor position before which the page starts; null for the first page
     */
    record ListDeliveries(String user, UUID id, DeliveryStatus status, int limit, Long cursor)
            implements WebhookCommand<DeliveryPage> {}

    /** Makes a delivery due now, also one that has ended. */
    record RedeliverDelivery(String user, UUID id, UUID deliveryId) implements WebhookCommand<Delivery> {}

    /**
     * Enqueues the failed deliveries and the missed notifications of a time range.
     *
     * @param after start of the range, exclusive
     * @param before end of the range, exclusive; null for now
     */
    record RedeliverRange(String user, UUID id, OffsetDateTime after, OffsetDateTime before)
            implements WebhookCommand<RedeliveryCount> {}

    /** Returns the secret of the user, which signs deliveries to the URL of a request. */
    record GetUserSecret(String user) implements WebhookCommand<SigningSecret> {}

    /** Replaces the secret of the user. */
    record RotateUserSecret(String user) implements WebhookCommand<SigningSecret> {}
}

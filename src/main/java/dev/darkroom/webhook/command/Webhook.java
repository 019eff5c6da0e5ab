package dev.darkroom.webhook.command;

import dev.darkroom.webhook.DisableReason;
import dev.darkroom.webhook.PayloadFormat;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/**
 * Webhook of a user, without its secrets. Immutable.
 *
 * @param eventTypes subscribed event types; at least one
 * @param description text of the owner; null if they set none
 * @param enabled whether events of these types are delivered
 * @param disabledAt null while enabled
 * @param disabledReason null while enabled
 * @param failingSince start of the first failed attempt since the last success; null if the last attempt succeeded
 */
public record Webhook(
        UUID id,
        String url,
        List<String> eventTypes,
        PayloadFormat format,
        String description,
        boolean enabled,
        OffsetDateTime disabledAt,
        DisableReason disabledReason,
        OffsetDateTime failingSince,
        OffsetDateTime createdAt)
        implements WebhookResult {
    public Webhook {
        eventTypes = List.copyOf(eventTypes);
    }
}

package dev.darkroom.api.webhook;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.webhook.command.Delivery;
import dev.darkroom.webhook.command.DeliveryAttempt;
import dev.darkroom.webhook.command.Webhook;
import dev.darkroom.webhook.command.WebhookResult.CreatedWebhook;
import dev.darkroom.webhook.command.WebhookResult.DeliveryPage;
import dev.darkroom.webhook.command.WebhookResult.RedeliveryCount;
import dev.darkroom.webhook.command.WebhookResult.SigningSecret;
import dev.darkroom.webhook.command.WebhookResult.TestOutcome;
import dev.darkroom.webhook.command.WebhookResult.WebhookPage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Function;

/** Creates the JSON of webhooks and deliveries in HTTP responses. Fields without a value are absent. */
final class WebhookPresenter {
    private WebhookPresenter() {}

    static JsonObject toJson(Webhook webhook) {
        JsonObject json = new JsonObject()
                .put("id", webhook.id().toString())
                .put("url", webhook.url())
                .put("eventTypes", new JsonArray(webhook.eventTypes()))
                .put("format", webhook.payloadFormat().name());
        putIfPresent(json, "description", webhook.description());
        json.put("enabled", webhook.enabled());
        putIfPresent(json, "disabledAt", Rfc3339Timestamp.format(webhook.disabledAt()));
        putIfPresent(json, "disabledReason", webhook.disabledReason());
        putIfPresent(json, "failingSince", Rfc3339Timestamp.format(webhook.failingSince()));
        return json.put("createdAt", Rfc3339Timestamp.format(webhook.createdAt()));
    }

    static JsonObject toJson(CreatedWebhook created) {
        return toJson(created.webhook()).put("secret", created.secret().secret());
    }

    static JsonObject toJson(WebhookPage page) {
        return page(page.items(), WebhookPresenter::toJson, page.nextCursor());
    }

    static JsonObject toJson(SigningSecret secret) {
        JsonObject json = new JsonObject().put("secret", secret.secret());
        putIfPresent(json, "previousSecretExpiresAt", Rfc3339Timestamp.format(secret.previousSecretExpiresAt()));
        return json;
    }

    static JsonObject toJson(TestOutcome outcome) {
        JsonObject json = new JsonObject()
                .put("delivered", outcome.delivered())
                .put("durationMs", outcome.duration().toMillis());
        if (outcome.httpStatus() != null) {
            json.put("httpStatus", outcome.httpStatus());
        }
        putIfPresent(json, "code", outcome.code());
        return json;
    }

    static JsonObject toJson(DeliveryPage page) {
        return page(page.items(), WebhookPresenter::toJson, page.nextCursor());
    }

    static JsonObject toJson(Delivery delivery) {
        JsonObject json = new JsonObject()
                .put("id", delivery.id().toString())
                .put("notificationId", delivery.notificationId().toString())
                .put("type", delivery.type());
        putIfPresent(json, "generationId", delivery.generationId());
        json.put("status", delivery.status().name()).put("createdAt", Rfc3339Timestamp.format(delivery.createdAt()));
        putIfPresent(json, "endedAt", Rfc3339Timestamp.format(delivery.endedAt()));
        putIfPresent(json, "nextAttemptAt", Rfc3339Timestamp.format(delivery.nextAttemptAt()));
        return json.put("attempts", toArray(delivery.attempts(), WebhookPresenter::toJson));
    }

    private static JsonObject toJson(DeliveryAttempt attempt) {
        JsonObject json = new JsonObject()
                .put("number", attempt.number())
                .put("startedAt", Rfc3339Timestamp.format(attempt.startedAt()))
                .put("finishedAt", Rfc3339Timestamp.format(attempt.finishedAt()))
                .put("outcome", attempt.outcome().name());
        if (attempt.httpStatus() != null) {
            json.put("httpStatus", attempt.httpStatus());
        }
        putIfPresent(json, "code", attempt.code());
        putIfPresent(json, "retryAt", Rfc3339Timestamp.format(attempt.retryAt()));
        return json;
    }

    static JsonObject toJson(RedeliveryCount count) {
        return new JsonObject().put("queued", count.queued()).put("hasMore", count.hasMore());
    }

    private static <T> JsonObject page(List<T> items, Function<T, JsonObject> presenter, Object nextCursor) {
        JsonObject json = new JsonObject().put("items", toArray(items, presenter));
        putIfPresent(json, "nextCursor", nextCursor);
        return json;
    }

    private static <T> JsonArray toArray(List<T> items, Function<T, JsonObject> presenter) {
        return new JsonArray(items.stream().map(presenter).toList());
    }

    /** Adds the text form of a value unless it is null. */
    private static void putIfPresent(JsonObject json, String name, Object value) {
        if (value != null) {
            json.put(name, value.toString());
        }
    }
}

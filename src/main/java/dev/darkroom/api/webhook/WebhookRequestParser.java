package dev.darkroom.api.webhook;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.webhook.PayloadFormat;
import dev.darkroom.webhook.command.DeliveryStatus;
import dev.darkroom.webhook.command.WebhookCommand.ListDeliveries;
import dev.darkroom.webhook.command.WebhookCommand.RedeliverRange;
import dev.darkroom.webhook.command.WebhookCommand.WebhookSpec;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.OffsetDateTime;

/** Parses webhook requests, which were validated against the contract. */
final class WebhookRequestParser {
    private WebhookRequestParser() {}

    static WebhookSpec parseSpec(OperationContext operationContext) {
        JsonObject body = operationContext.body();
        JsonArray eventTypes = body.getJsonArray("eventTypes");
        String format = body.getString("format");
        return new WebhookSpec(
                body.getString("url"),
                eventTypes == null
                        ? null
                        : eventTypes.stream().map(String::valueOf).distinct().toList(),
                format == null ? null : PayloadFormat.valueOf(format),
                body.getString("description"));
    }

    static ListDeliveries parseListDeliveries(OperationContext operationContext) {
        String status = operationContext.parameter("status");
        String cursor = operationContext.parameter("cursor");
        return new ListDeliveries(
                operationContext.user(),
                operationContext.uuid("webhookId"),
                status == null ? null : DeliveryStatus.valueOf(status),
                operationContext.limit(),
                cursor == null ? null : Long.valueOf(cursor));
    }

    /** @throws Problem when a time is a leap second, which the contract accepts */
    static RedeliverRange parseRedeliverRange(OperationContext operationContext) {
        return new RedeliverRange(
                operationContext.user(),
                operationContext.uuid("webhookId"),
                parseTime(operationContext.body(), "after"),
                parseTime(operationContext.body(), "before"));
    }

    private static OffsetDateTime parseTime(JsonObject body, String field) {
        try {
            String text = body.getString(field);
            return text == null ? null : OffsetDateTime.parse(text);
        } catch (DateTimeException e) {
            throw Problem.invalid("#/" + field, "must be a time such as 2026-11-23T18:02:11Z");
        }
    }
}

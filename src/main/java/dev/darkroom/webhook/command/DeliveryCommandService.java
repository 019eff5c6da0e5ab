package dev.darkroom.webhook.command;

import dev.darkroom.database.Database;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.webhook.DeliveryEnqueueStore;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Handles the commands on the deliveries of a webhook. Stateless; usable from any event loop. */
final class DeliveryCommandService {
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;
    private static final Set<String> STATUSES = Set.of("PENDING", "DELIVERED", "FAILED");
    private static final Pattern CURSOR = Pattern.compile("[0-9]{1,18}");

    private final Database database;
    private final WebhookStore webhooks;
    private final DeliveryHistoryStore deliveries;
    private final DeliveryEnqueueStore enqueueStore;

    DeliveryCommandService(Database database, WebhookStore webhooks, DeliveryEnqueueStore enqueueStore) {
        this.database = database;
        this.webhooks = webhooks;
        this.deliveries = new DeliveryHistoryStore(database);
        this.enqueueStore = enqueueStore;
    }

    /** Handles {@code WebhookBus#LIST_DELIVERIES}. */
    Future<JsonObject> list(BusCommand busCommand, UUID id) {
        String status = busCommand.optionalText("status");
        if (busCommand.body().containsKey("status") && (status == null || !STATUSES.contains(status))) {
            return invalid("status", "must be PENDING, DELIVERED or FAILED");
        }
        Integer limit = parseLimit(busCommand);
        if (limit == null) {
            return invalidLimit();
        }
        String cursor = busCommand.optionalText("cursor");
        if (busCommand.body().containsKey("cursor")
                && (cursor == null || !CURSOR.matcher(cursor).matches())) {
            return invalidCursor();
        }
        return webhooks.find(id, busCommand.user())
                .compose(found -> found.isEmpty()
                        ? webhookNotFound()
                        : deliveries.list(id, status, limit, cursor == null ? null : Long.valueOf(cursor)));
    }

    /** Handles {@code WebhookBus#REDELIVER}. */
    Future<JsonObject> redeliver(BusCommand busCommand, UUID id) {
        UUID deliveryId = parseUuid(busCommand.optionalText("deliveryId"));
        if (deliveryId == null) {
            return invalid("deliveryId", "must be a UUID");
        }
        return ifEnabled(
                busCommand,
                id,
                () -> deliveries
                        .find(id, deliveryId)
                        .compose(found -> found.isEmpty()
                                ? Future.succeededFuture(found)
                                : enqueueStore
                                        .redeliver(database, id, busCommand.user(), deliveryId)
                                        // Ignore false: an attempt is running then.
                                        .compose(queued -> deliveries.find(id, deliveryId)))
                        .map(found -> found.map(delivery -> new JsonObject().put("delivery", delivery))
                                .orElseGet(() -> CommandReplies.notFound("delivery"))));
    }

    /** Handles {@code WebhookBus#REDELIVER_RANGE}. */
    Future<JsonObject> redeliverRange(BusCommand busCommand, UUID id) {
        OffsetDateTime after = parseTime(busCommand.optionalText("after"));
        OffsetDateTime before = parseTime(busCommand.optionalText("before"));
        if (after == null) {
            return invalid("#/after", "must be a time such as 2026-11-23T18:02:11Z");
        }
        if (before == null && busCommand.body().containsKey("before")) {
            return invalid("#/before", "must be a time such as 2026-11-23T18:02:11Z");
        }
        return ifEnabled(
                busCommand,
                id,
                () -> enqueueStore
                        .redeliver(database, id, busCommand.user(), after, before)
                        .map(queued -> new JsonObject()
                                .put("queued", queued)
                                .put("hasMore", queued >= DeliveryEnqueueStore.MAX_REDELIVERIES)));
    }

    private Future<JsonObject> ifEnabled(BusCommand busCommand, UUID id, Supplier<Future<JsonObject>> action) {
        return webhooks.find(id, busCommand.user()).compose(found -> {
            if (found.isEmpty()) {
                return webhookNotFound();
            }
            return found.get().getBoolean("enabled")
                    ? action.get()
                    : Future.succeededFuture(CommandReplies.conflict("the webhook is disabled. Enable it first"));
        });
    }

    static Future<JsonObject> webhookNotFound() {
        return Future.succeededFuture(CommandReplies.notFound("webhook"));
    }

    static Future<JsonObject> invalid(String pointer, String detail) {
        return Future.succeededFuture(
                CommandReplies.invalid("the command is not valid", List.of(new FieldError(pointer, detail))));
    }

    /** Parses the page size; null if it is not an integer between 1 and {@link #MAX_LIMIT}. */
    static Integer parseLimit(BusCommand busCommand) {
        return busCommand.body().getValue("limit", DEFAULT_LIMIT) instanceof Integer limit
                        && limit >= 1
                        && limit <= MAX_LIMIT
                ? limit
                : null;
    }

    static Future<JsonObject> invalidLimit() {
        return invalid("limit", "must be an integer between 1 and " + MAX_LIMIT);
    }

    static Future<JsonObject> invalidCursor() {
        return invalid("cursor", "is not a valid cursor");
    }

    /** Parses a UUID; null if {@code text} is null or malformed. */
    static UUID parseUuid(String text) {
        try {
            return text == null ? null : UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static OffsetDateTime parseTime(String text) {
        try {
            return text == null ? null : OffsetDateTime.parse(text);
        } catch (DateTimeException e) {
            return null;
        }
    }
}

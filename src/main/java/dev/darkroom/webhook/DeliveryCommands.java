package dev.darkroom.webhook;

import dev.darkroom.command.Command;
import dev.darkroom.command.FieldError;
import dev.darkroom.command.Reply;
import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/** Commands about what was and is to be delivered to an endpoint. */
final class DeliveryCommands {
    private static final int USUAL = 20;
    private static final int MOST = 100;
    private static final Set<String> STATUSES = Set.of("PENDING", "DELIVERED", "FAILED");
    private static final Pattern CURSOR = Pattern.compile("[0-9]{1,18}");

    private final Database database;
    private final WebhookStore webhooks;
    private final EnqueueStore queue;

    DeliveryCommands(Database database, WebhookStore webhooks, EnqueueStore queue) {
        this.database = database;
        this.webhooks = webhooks;
        this.queue = queue;
    }

    /** Answers {@link WebhookBus#DELIVERIES}. */
    Future<JsonObject> list(Command command, UUID id) {
        String status = command.text("status");
        if (command.body().containsKey("status") && (status == null || !STATUSES.contains(status))) {
            return invalid("status", "must be PENDING, DELIVERED or FAILED");
        }
        Integer limit = limit(command);
        if (limit == null) {
            return invalidLimit();
        }
        String cursor = command.text("cursor");
        if (command.body().containsKey("cursor")
                && (cursor == null || !CURSOR.matcher(cursor).matches())) {
            return invalidCursor();
        }
        return webhooks.find(id, command.user())
                .compose(found -> found.isEmpty()
                        ? notThere()
                        : webhooks.deliveries(id, status, limit, cursor == null ? null : Long.valueOf(cursor)));
    }

    /** Answers {@link WebhookBus#REDELIVER}. */
    Future<JsonObject> again(Command command, UUID id) {
        UUID deliveryId = uuid(command.text("deliveryId"));
        if (deliveryId == null) {
            return invalid("deliveryId", "must be a UUID");
        }
        return enabled(
                command,
                id,
                () -> webhooks.delivery(id, deliveryId)
                        .compose(there -> there.isEmpty()
                                ? Future.succeededFuture(there)
                                : queue.again(database, id, command.user(), deliveryId)
                                        // Not so when it is under way, which is as well.
                                        .compose(queued -> webhooks.delivery(id, deliveryId)))
                        .map(told -> told.map(delivery -> new JsonObject().put("delivery", delivery))
                                .orElseGet(() -> Reply.notFound("delivery"))));
    }

    /** Answers {@link WebhookBus#REDELIVER_RANGE}. */
    Future<JsonObject> range(Command command, UUID id) {
        OffsetDateTime after = time(command.text("after"));
        OffsetDateTime before = time(command.text("before"));
        if (after == null) {
            return invalid("#/after", "must be a time such as 2026-11-23T18:02:11Z");
        }
        if (before == null && command.body().containsKey("before")) {
            return invalid("#/before", "must be a time such as 2026-11-23T18:02:11Z");
        }
        return enabled(
                command,
                id,
                () -> queue.again(database, id, command.user(), after, before)
                        .map(queued ->
                                new JsonObject().put("queued", queued).put("more", queued >= EnqueueStore.MOST_AGAIN)));
    }

    private interface Then {
        Future<JsonObject> run();
    }

    private Future<JsonObject> enabled(Command command, UUID id, Then then) {
        return webhooks.find(id, command.user()).compose(found -> {
            if (found.isEmpty()) {
                return notThere();
            }
            return found.get().getBoolean("enabled")
                    ? then.run()
                    : Future.succeededFuture(Reply.conflict("the webhook is disabled. Enable it first"));
        });
    }

    static Future<JsonObject> notThere() {
        return Future.succeededFuture(Reply.notFound("webhook"));
    }

    static Future<JsonObject> invalid(String pointer, String detail) {
        return Future.succeededFuture(
                Reply.invalid("the command is not valid", List.of(new FieldError(pointer, detail))));
    }

    /** The length of the page that a command asks for, null when it is out of range. */
    static Integer limit(Command command) {
        return command.body().getValue("limit", USUAL) instanceof Integer limit && limit >= 1 && limit <= MOST
                ? limit
                : null;
    }

    static Future<JsonObject> invalidLimit() {
        return invalid("limit", "must be an integer between 1 and " + MOST);
    }

    static Future<JsonObject> invalidCursor() {
        return invalid("cursor", "is not a cursor that was given out");
    }

    /** Parses a UUID, null when {@code text} is null or not one. */
    static UUID uuid(String text) {
        try {
            return text == null ? null : UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static OffsetDateTime time(String text) {
        try {
            return text == null ? null : OffsetDateTime.parse(text);
        } catch (DateTimeException e) {
            return null;
        }
    }
}

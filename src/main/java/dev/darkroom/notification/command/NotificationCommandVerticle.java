package dev.darkroom.notification.command;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.JsonCommandDispatcher;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.NotifyUserKey;
import dev.darkroom.notification.SubscriberName;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Handles the commands on {@link NotificationBus#COMMANDS}: list, acknowledge and mark as read. Stateless; any number of instances may
 * run.
 */
public final class NotificationCommandVerticle extends VerticleBase {
    private static final int DEFAULT_LIMIT = 20;
    private static final int MAX_LIMIT = 100;

    private final NotificationStore store;
    private final NotifyChannel notifyChannel;

    public NotificationCommandVerticle(Database database, NotifyChannel notifyChannel) {
        this.store = new NotificationStore(database);
        this.notifyChannel = notifyChannel;
    }

    @Override
    public Future<?> start() {
        return vertx.eventBus()
                .<JsonObject>consumer(
                        NotificationBus.COMMANDS, new JsonCommandDispatcher(this::handleCommand)::dispatch)
                .completion();
    }

    private Future<JsonObject> handleCommand(BusCommand busCommand) {
        if (busCommand.user() == null) {
            return CommandReplies.invalidFuture("the body must be an object that names its user");
        }
        return switch (busCommand.action()) {
            case NotificationBus.LIST -> list(busCommand);
            case NotificationBus.ACK -> acknowledge(busCommand);
            case NotificationBus.MARK_READ -> busCommand.withId(id -> markRead(busCommand, id));
            default -> CommandReplies.invalidFuture("the header action must be list, ack or read");
        };
    }

    private Future<JsonObject> list(BusCommand busCommand) {
        Object limit = busCommand.body().getValue("limit", DEFAULT_LIMIT);
        if (!(limit instanceof Integer pageSize) || pageSize < 1 || pageSize > MAX_LIMIT) {
            return invalid("limit", "must be an integer between 1 and " + MAX_LIMIT);
        }
        String text = busCommand.optionalText("cursor");
        Optional<NotificationCursor> cursor = text == null ? Optional.empty() : NotificationCursor.parse(text);
        if (text != null && cursor.isEmpty()) {
            return invalid("cursor", "is not a valid cursor");
        }
        String user = busCommand.user();
        // Read the stream state before the page: a number up to lastSeq that the page lacks was deleted, not added
        // since.
        return findOrCreateStream(user).compose(streamState -> {
            InboxPageBuilder pageBuilder = InboxPageBuilder.create(streamState, cursor);
            return Future.all(
                            store.list(user, pageBuilder.afterSeq(), pageSize + 1),
                            store.findUnreadStates(List.of(user)))
                    .map(results -> pageBuilder.build(
                            results.resultAt(0),
                            pageSize,
                            results.<Map<String, NotificationStore.UnreadState>>resultAt(1)
                                    .get(user)
                                    .unreadCount()));
        });
    }

    private Future<NotificationStore.StreamState> findOrCreateStream(String user) {
        return store.findOrCreateStreams(List.of(user))
                .compose(found -> found.containsKey(user)
                        ? Future.succeededFuture(found.get(user))
                        // A concurrent transaction created the stream.
                        : store.findStreams(List.of(user)).map(existing -> existing.get(user)));
    }

    private Future<JsonObject> acknowledge(BusCommand busCommand) {
        Object seq = busCommand.body().getValue("seq");
        if (!(seq instanceof Integer || seq instanceof Long) || ((Number) seq).longValue() < 1) {
            return invalid("#/seq", "must be a positive integer");
        }
        String subscriber = busCommand.optionalText("subscriber");
        if (subscriber != null && !SubscriberName.isValid(subscriber)) {
            return invalid("#/subscriber", SubscriberName.FORMAT_DESCRIPTION);
        }
        String user = busCommand.user();
        return store.acknowledge(user, ((Number) seq).longValue(), subscriber).compose(result -> {
            if (result.isEmpty()) {
                return invalid("#/seq", "is beyond the last notification");
            }
            NotificationStore.AckResult ackResult = result.get();
            if (!ackResult.accepted()) {
                return Future.succeededFuture(CommandReplies.conflict(
                        "the user has reached the maximum number of subscribers; inactive subscribers expire"));
            }
            publishReadStateChange(user);
            return store.findUnreadStates(List.of(user))
                    .map(states -> new JsonObject()
                            .put("ackedSeq", ackResult.ackedSeq())
                            .put("lastSeq", ackResult.lastSeq())
                            .put("unreadCount", states.get(user).unreadCount()));
        });
    }

    private Future<JsonObject> markRead(BusCommand busCommand, UUID id) {
        return store.markRead(busCommand.user(), id).map(found -> {
            found.ifPresent(notification -> publishReadStateChange(busCommand.user()));
            return found.map(notification -> new JsonObject().put("notification", notification.toInboxJson()))
                    .orElseGet(() -> CommandReplies.notFound("notification"));
        });
    }

    /** Makes the hubs of all processes send the new unread count to the user's streams. */
    private void publishReadStateChange(String user) {
        NotificationBus.READ_STATE.publish(notifyChannel, NotifyUserKey.of(user));
    }

    private static Future<JsonObject> invalid(String pointer, String detail) {
        return Future.succeededFuture(
                CommandReplies.invalid("the command is not valid", List.of(new FieldError(pointer, detail))));
    }
}

package dev.darkroom.notification.command;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.NotificationCommand;
import dev.darkroom.notification.NotificationCommand.AcknowledgeNotifications;
import dev.darkroom.notification.NotificationCommand.ListNotifications;
import dev.darkroom.notification.NotificationCommand.MarkNotificationRead;
import dev.darkroom.notification.NotificationResult.Acknowledgement;
import dev.darkroom.notification.NotificationResult.InboxPage;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.NotifyUserKey;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Handles the commands on {@link NotificationBus#COMMANDS}: list, acknowledge and mark as read. Stateless; any number of instances may
 * run.
 */
public final class NotificationCommandVerticle extends VerticleBase {
    private final NotificationStore store;
    private final NotifyChannel notifyChannel;

    public NotificationCommandVerticle(Database database, NotifyChannel notifyChannel) {
        this.store = new NotificationStore(database);
        this.notifyChannel = notifyChannel;
    }

    @Override
    public Future<?> start() {
        return new CommandDispatcher(NotificationCommand.class)
                .on(ListNotifications.class, this::list)
                .on(AcknowledgeNotifications.class, this::acknowledge)
                .on(MarkNotificationRead.class, this::markRead)
                .register(vertx, NotificationBus.COMMANDS);
    }

    private Future<CommandReply<InboxPage>> list(CommandContext<ListNotifications> context) {
        ListNotifications command = context.command();
        String user = command.user();
        // Read the stream state before the page: a number up to lastSeq that the page lacks was deleted, not added
        // since.
        return findOrCreateStream(user).compose(streamState -> {
            InboxPageBuilder pageBuilder = InboxPageBuilder.create(streamState, Optional.ofNullable(command.cursor()));
            return Future.all(
                            store.list(user, pageBuilder.afterSeq(), command.limit() + 1),
                            store.findUnreadStates(List.of(user)))
                    .map(results -> CommandReply.completed(pageBuilder.build(
                            results.resultAt(0),
                            command.limit(),
                            results.<Map<String, NotificationStore.UnreadState>>resultAt(1)
                                    .get(user)
                                    .unreadCount())));
        });
    }

    private Future<NotificationStore.StreamState> findOrCreateStream(String user) {
        return store.findOrCreateStreams(List.of(user))
                .compose(found -> found.containsKey(user)
                        ? Future.succeededFuture(found.get(user))
                        // A concurrent transaction created the stream.
                        : store.findStreams(List.of(user)).map(existing -> existing.get(user)));
    }

    private Future<CommandReply<Acknowledgement>> acknowledge(CommandContext<AcknowledgeNotifications> context) {
        AcknowledgeNotifications command = context.command();
        String user = command.user();
        return store.acknowledge(user, command.seq(), command.subscriber()).compose(result -> {
            if (result.isEmpty()) {
                return CommandReply.<Acknowledgement>invalidField("#/seq", "is beyond the last notification")
                        .toFuture();
            }
            NotificationStore.AckResult ackResult = result.get();
            if (!ackResult.accepted()) {
                return CommandReply.<Acknowledgement>conflict(
                                "the user has reached the maximum number of subscribers; inactive subscribers expire")
                        .toFuture();
            }
            publishReadStateChange(user);
            return store.findUnreadStates(List.of(user))
                    .map(states -> CommandReply.completed(new Acknowledgement(
                            ackResult.ackedSeq(),
                            ackResult.lastSeq(),
                            states.get(user).unreadCount())));
        });
    }

    private Future<CommandReply<Notification>> markRead(CommandContext<MarkNotificationRead> context) {
        String user = context.command().user();
        return store.markRead(user, context.command().id()).map(found -> {
            found.ifPresent(notification -> publishReadStateChange(user));
            return found.map(CommandReply::completed).orElseGet(() -> CommandReply.notFound("notification"));
        });
    }

    /** Makes the hubs of all processes send the new unread count to the user's streams. */
    private void publishReadStateChange(String user) {
        NotificationBus.READ_STATE.publish(notifyChannel, NotifyUserKey.of(user));
    }
}

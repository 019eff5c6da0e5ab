package dev.darkroom.notification;

import dev.darkroom.command.Command;
import dev.darkroom.command.CommandDesk;
import dev.darkroom.command.FieldError;
import dev.darkroom.command.Reply;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Answers commands on {@link NotificationBus#COMMANDS}: what a user was told, and up to where that has arrived. Keeps no state, so that
 * any number of instances may run.
 */
public final class NotificationVerticle extends VerticleBase {
    private static final int USUAL = 20;
    private static final int MOST = 100;

    private final NotificationStore store;
    private final StreamHub hub;
    private final Hints hints;

    public NotificationVerticle(Database database, StreamHub hub, Hints hints) {
        this.store = new NotificationStore(database);
        this.hub = hub;
        this.hints = hints;
    }

    @Override
    public Future<?> start() {
        return vertx.eventBus()
                .<JsonObject>consumer(NotificationBus.COMMANDS, new CommandDesk(this::answer)::take)
                .completion();
    }

    private Future<JsonObject> answer(Command command) {
        if (command.user() == null) {
            return Reply.refusal("the body must be an object that names its user");
        }
        return switch (command.action()) {
            case NotificationBus.LIST -> list(command);
            case NotificationBus.ACK -> ack(command);
            case NotificationBus.READ -> command.withId(id -> read(command, id));
            default -> Reply.refusal("the header action must be list, ack or read");
        };
    }

    private Future<JsonObject> list(Command command) {
        Object limit = command.body().getValue("limit", USUAL);
        if (!(limit instanceof Integer most) || most < 1 || most > MOST) {
            return invalid("limit", "must be an integer between 1 and " + MOST);
        }
        String text = command.text("cursor");
        Optional<StreamCursor> cursor = text == null ? Optional.empty() : StreamCursor.parse(text);
        if (text != null && cursor.isEmpty()) {
            return invalid("cursor", "is not a cursor that was given out");
        }
        String user = command.user();
        // First, so that whatever is missing up to there was there before it was looked for.
        return standing(user).compose(standing -> {
            Inbox inbox = Inbox.open(standing, cursor);
            return Future.all(store.list(user, inbox.after(), most + 1), store.states(List.of(user)))
                    .map(read -> inbox.page(
                            read.resultAt(0),
                            most,
                            read.<Map<String, NotificationStore.State>>resultAt(1)
                                    .get(user)
                                    .unread()));
        });
    }

    private Future<NotificationStore.Standing> standing(String user) {
        return store.open(List.of(user))
                .compose(found -> found.containsKey(user)
                        ? Future.succeededFuture(found.get(user))
                        // Another made it at the same moment.
                        : store.tops(List.of(user)).map(again -> again.get(user)));
    }

    private Future<JsonObject> ack(Command command) {
        Object seq = command.body().getValue("seq");
        if (!(seq instanceof Integer || seq instanceof Long) || ((Number) seq).longValue() < 1) {
            return invalid("#/seq", "must be a positive integer");
        }
        String subscriber = command.text("subscriber");
        if (subscriber != null && !Subscriber.isOne(subscriber)) {
            return invalid("#/subscriber", Subscriber.EXPECTED);
        }
        String user = command.user();
        return store.ack(user, ((Number) seq).longValue(), subscriber).compose(done -> {
            if (done.isEmpty()) {
                return invalid("#/seq", "is beyond the last notification");
            }
            NotificationStore.Acknowledged acknowledged = done.get();
            if (!acknowledged.room()) {
                return Future.succeededFuture(Reply.conflict(
                        "there are as many subscribers as a user may have. Those that are silent are forgotten"));
            }
            moved(user);
            return store.states(List.of(user))
                    .map(states -> new JsonObject()
                            .put("acked", acknowledged.acked())
                            .put("top", acknowledged.top())
                            .put("unread", states.get(user).unread()));
        });
    }

    private Future<JsonObject> read(Command command, UUID id) {
        return store.read(command.user(), id).map(found -> {
            found.ifPresent(read -> moved(command.user()));
            return found.map(read -> new JsonObject().put("notification", read.toInboxJson()))
                    .orElseGet(() -> Reply.notFound("notification"));
        });
    }

    /** The user's other devices put their badges out. */
    private void moved(String user) {
        hub.stateMoved(user);
        hints.send(NotificationBus.STATE_HINT, UserKey.of(user));
    }

    private static Future<JsonObject> invalid(String pointer, String detail) {
        return Future.succeededFuture(
                Reply.invalid("the command is not valid", List.of(new FieldError(pointer, detail))));
    }
}

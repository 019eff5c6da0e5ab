package dev.darkroom.notification;

import dev.darkroom.command.Command;
import dev.darkroom.command.CommandDesk;
import dev.darkroom.command.FieldError;
import dev.darkroom.command.Reply;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Answers commands on {@link NotificationBus#COMMANDS}: what a user was told, and up to where that has arrived. Keeps no state, so that
 * any number of instances may run.
 */
public final class NotificationVerticle extends VerticleBase {
    private static final int USUAL = 20;
    private static final int MOST = 100;

    /** What a client calls a device. */
    private static final Pattern SUBSCRIBER = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

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
        if (!(limit instanceof Integer) || (Integer) limit < 1 || (Integer) limit > MOST) {
            return invalid("limit", "must be an integer between 1 and " + MOST);
        }
        String after = command.text("after");
        Optional<StreamCursor> cursor = after == null ? Optional.empty() : StreamCursor.parse(after);
        if (after != null && cursor.isEmpty()) {
            return invalid("after", "is not a cursor that was given out");
        }
        String user = command.user();
        return standing(user).compose(standing -> {
            StreamCursor begin = StreamCursor.of(standing.epoch(), 0);
            StreamCursor from = cursor.orElse(begin);
            Reset why = judge(from, begin.epoch(), standing.top());
            return page(user, why == null ? from : begin, (Integer) limit, why, cursor.isPresent());
        });
    }

    private Future<NotificationStore.Standing> standing(String user) {
        return store.open(List.of(user))
                .compose(found -> found.containsKey(user)
                        ? Future.succeededFuture(found.get(user))
                        // Another made it at the same moment.
                        : store.tops(List.of(user)).map(again -> again.get(user)));
    }

    private static Reset judge(StreamCursor cursor, String epoch, long top) {
        if (!cursor.epoch().equals(epoch)) {
            return Reset.EPOCH;
        }
        return cursor.seq() > top ? Reset.AHEAD : null;
    }

    /** @param known whether the user knows a place, so that what is missing after it is missed */
    private Future<JsonObject> page(String user, StreamCursor from, int limit, Reset why, boolean known) {
        return store.list(user, from.seq(), limit)
                .compose(items -> store.states(List.of(user)).map(states -> {
                    NotificationStore.State state = states.get(user);
                    long next = items.isEmpty()
                            ? Math.max(from.seq(), state.top())
                            : items.get(items.size() - 1).seq();
                    boolean missed = items.isEmpty()
                            ? from.seq() < state.top()
                            : items.get(0).seq() > from.seq() + 1;
                    Reset reset = why == null && known && missed ? Reset.EXPIRED : why;
                    JsonObject page = new JsonObject()
                            .put(
                                    "items",
                                    new JsonArray(items.stream()
                                            .map(Notification::toInboxJson)
                                            .toList()))
                            .put("nextCursor", new StreamCursor(from.epoch(), next).toString())
                            .put("unread", state.unread());
                    return reset == null ? page : page.put("reset", reset.name());
                }));
    }

    private Future<JsonObject> ack(Command command) {
        Object seq = command.body().getValue("seq");
        if (!(seq instanceof Integer || seq instanceof Long) || ((Number) seq).longValue() < 1) {
            return invalid("#/seq", "must be a positive integer");
        }
        String subscriber = command.text("subscriber");
        if (subscriber != null && !SUBSCRIBER.matcher(subscriber).matches()) {
            return invalid("#/subscriber", "must be 1 to 64 of A-Z, a-z, 0-9, and . _ ~ -");
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

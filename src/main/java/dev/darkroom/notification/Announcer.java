package dev.darkroom.notification;

import dev.darkroom.database.Hints;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Consumer;

/**
 * Says that something was recorded: to the hub of this process at once, to other processes by a hint, and on the event bus. Whoever
 * hears none of it looks by themselves. Thread-safe.
 */
public final class Announcer implements Consumer<List<Notification>> {
    private final Vertx vertx;
    private final StreamHub hub;
    private final Hints hints;

    public Announcer(Vertx vertx, StreamHub hub, Hints hints) {
        this.vertx = vertx;
        this.hub = hub;
        this.hints = hints;
    }

    @Override
    public void accept(List<Notification> recorded) {
        hub.recorded(recorded);
        recorded.stream()
                .map(Notification::userId)
                .distinct()
                .forEach(user -> hints.send(NotificationBus.TOLD_HINT, UserKey.of(user)));
        recorded.forEach(one -> vertx.eventBus()
                .publish(
                        NotificationBus.EVENTS,
                        new JsonObject()
                                .put("version", 1)
                                .put("user", one.userId())
                                .put("notification", one.toJson())));
    }
}

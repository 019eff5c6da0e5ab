package dev.darkroom.api;

import dev.darkroom.command.Timestamp;
import dev.darkroom.notification.Subscription;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;

/** A sign of life that scripts can see. Whoever has not heard of {@code top} has missed something. */
final class Ping {
    private Ping() {}

    static JsonObject of(InstantSource clock, Subscription subscription) {
        return new JsonObject().put("at", Timestamp.text(clock.instant())).put("top", subscription.top());
    }
}

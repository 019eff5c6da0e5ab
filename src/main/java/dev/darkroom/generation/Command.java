package dev.darkroom.generation;

import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;

/**
 * A command as it came over the bus.
 *
 * @param user in whose name it comes; null for a picture that is asked for by a signed link
 * @param requestId of the request that it serves, null when it names none
 */
record Command(String action, String user, JsonObject body, String requestId) {

    static Command of(String action, Message<JsonObject> message, String user) {
        return new Command(action, user, message.body(), message.headers().get(GenerationBus.REQUEST_ID));
    }

    /** Null when it names none that can be one. */
    UUID id() {
        try {
            return UUID.fromString(String.valueOf(body.getValue("id")));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Whose things it may touch: its user's, or, null, anybody's. */
    String owner() {
        return Boolean.TRUE.equals(body.getValue(GenerationBus.ANYBODYS)) ? null : user;
    }

    /** A text that may be left out; null when it is. */
    String text(String field) {
        return body.getValue(field) instanceof String text ? text : null;
    }

    /** How long to wait at most for the end of what is asked for. */
    Duration patience(Duration most) {
        Duration wanted = body.getValue("waitMs") instanceof Number millis
                ? Duration.ofMillis(millis.longValue())
                : Duration.ZERO;
        return wanted.compareTo(most) > 0 ? most : wanted;
    }
}

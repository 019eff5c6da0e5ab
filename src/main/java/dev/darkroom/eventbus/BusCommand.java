package dev.darkroom.eventbus;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;

/**
 * A command as it came over the bus.
 *
 * @param action what to do; empty when it does not say
 * @param user in whose name it comes; null when it names nobody
 * @param requestId of the request that it serves, null when it names none
 */
public record BusCommand(String action, String user, JsonObject body, String requestId) {
    /** In a command with {@code "id"}, {@code true}: its user is an admin and may see anybody's. */
    public static final String AS_ADMIN = "anybodys";

    static BusCommand parse(MultiMap headers, JsonObject body) {
        String action = headers.get(CommandProtocol.ACTION_HEADER);
        return new BusCommand(
                action == null ? "" : action,
                body.getValue("user") instanceof String name ? name : null,
                body,
                headers.get(CommandProtocol.REQUEST_ID_HEADER));
    }

    /** Null when it names none that can be one. */
    public UUID id() {
        try {
            return UUID.fromString(String.valueOf(body.getValue("id")));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Does something with what the command names, if it names something that can be one. */
    public Future<JsonObject> withId(Function<UUID, Future<JsonObject>> work) {
        UUID id = id();
        return id == null ? CommandReplies.invalidFuture("id must be a UUID") : work.apply(id);
    }

    /** Whose things it may touch: its user's, or, null, anybody's. */
    public String ownerFilter() {
        return Boolean.TRUE.equals(body.getValue(AS_ADMIN)) ? null : user;
    }

    /** A text that may be left out; null when it is. */
    public String optionalText(String field) {
        return body.getValue(field) instanceof String text ? text : null;
    }

    /** How long to wait at most for the end of what is asked for. */
    public Duration waitTime(Duration most) {
        Duration wanted = body.getValue("waitMs") instanceof Number millis
                ? Duration.ofMillis(millis.longValue())
                : Duration.ZERO;
        return wanted.compareTo(most) > 0 ? most : wanted;
    }
}

package dev.darkroom.eventbus;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;

/**
 * A command received from the event bus.
 *
 * @param action the header {@code action}; empty when absent
 * @param user the user of the command; null when absent or not a string
 * @param body all fields of the command, not validated
 * @param requestId the HTTP request that caused the command, for the log; null when absent
 */
public record BusCommand(String action, String user, JsonObject body, String requestId) {
    /** Name of the field that is {@code true} when the user is an admin and may access the resources of all users. */
    public static final String AS_ADMIN = "asAdmin";

    static BusCommand parse(MultiMap headers, JsonObject body) {
        String action = headers.get(CommandProtocol.ACTION_HEADER);
        return new BusCommand(
                action == null ? "" : action,
                body.getValue("user") instanceof String name ? name : null,
                body,
                headers.get(CommandProtocol.REQUEST_ID_HEADER));
    }

    /** Returns the field {@code id}; null when it is absent or not a UUID. */
    public UUID id() {
        try {
            return UUID.fromString(String.valueOf(body.getValue("id")));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Calls {@code action} with the field {@code id}. Returns an {@code INVALID} reply when the field is not a UUID. */
    public Future<JsonObject> withId(Function<UUID, Future<JsonObject>> action) {
        UUID id = id();
        return id == null ? CommandReplies.invalidFuture("id must be a UUID") : action.apply(id);
    }

    /** Returns the owner of the resources that the command may access; null for all owners. */
    public String ownerFilter() {
        return Boolean.TRUE.equals(body.getValue(AS_ADMIN)) ? null : user;
    }

    /** Returns a field as a string; null when it is absent or not a string. */
    public String optionalText(String field) {
        return body.getValue(field) instanceof String text ? text : null;
    }

    /** Returns the field {@code waitMs}, limited to {@code maxWait}; zero when absent. */
    public Duration waitTime(Duration maxWait) {
        Duration requested = body.getValue("waitMs") instanceof Number millis
                ? Duration.ofMillis(millis.longValue())
                : Duration.ZERO;
        return requested.compareTo(maxWait) > 0 ? maxWait : requested;
    }
}

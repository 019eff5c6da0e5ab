package dev.darkroom.eventbus;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What commands are answered with; the bodies are part of the event-bus interface, {@code docs/event-bus.md}. */
public final class CommandReplies {
    private CommandReplies() {}

    public static JsonObject invalid(String message) {
        return error(CommandProtocol.INVALID, message);
    }

    public static JsonObject invalid(String message, List<FieldError> errors) {
        JsonArray details = new JsonArray();
        errors.forEach(error -> details.add(error.toJson()));
        JsonObject reply = invalid(message);
        reply.getJsonObject("error").put("errors", details);
        return reply;
    }

    /** A command that is wrong as a whole. */
    public static Future<JsonObject> invalidFuture(String message) {
        return Future.succeededFuture(invalid(message));
    }

    /** @param what there is none of, or none that the command's user may see */
    public static JsonObject notFound(String what) {
        return error(CommandProtocol.NOT_FOUND, "there is no such " + what);
    }

    public static JsonObject conflict(String message) {
        return error(CommandProtocol.CONFLICT, message);
    }

    public static JsonObject error(String code, String message) {
        return new JsonObject().put("error", new JsonObject().put("code", code).put("message", message));
    }
}

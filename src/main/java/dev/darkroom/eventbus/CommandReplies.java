package dev.darkroom.eventbus;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** Creates the error replies of commands. Their bodies are part of the event-bus contract, {@code docs/event-bus.md}. */
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

    /** Returns a completed future with an {@code INVALID} reply. */
    public static Future<JsonObject> invalidFuture(String message) {
        return Future.succeededFuture(invalid(message));
    }

    /** @param resource the kind of resource, such as {@code generation} */
    public static JsonObject notFound(String resource) {
        return error(CommandProtocol.NOT_FOUND, resource + " not found");
    }

    public static JsonObject conflict(String message) {
        return error(CommandProtocol.CONFLICT, message);
    }

    public static JsonObject error(String code, String message) {
        return new JsonObject().put("error", new JsonObject().put("code", code).put("message", message));
    }
}

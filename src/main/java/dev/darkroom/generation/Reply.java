package dev.darkroom.generation;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What commands are answered with; the bodies are part of the event-bus interface, {@code docs/event-bus.md}. */
final class Reply {
    private Reply() {}

    static JsonObject generation(JsonObject generation) {
        return new JsonObject().put("generation", generation);
    }

    static JsonObject invalid(String message) {
        return error(GenerationBus.INVALID, message);
    }

    static JsonObject invalid(String message, List<FieldError> errors) {
        JsonArray details = new JsonArray();
        errors.forEach(error -> details.add(error.toJson()));
        JsonObject reply = invalid(message);
        reply.getJsonObject("error").put("errors", details);
        return reply;
    }

    /** @param what there is none of, or none that the command's user may see */
    static JsonObject notFound(String what) {
        return error(GenerationBus.NOT_FOUND, "there is no such " + what);
    }

    static JsonObject conflict(String message) {
        return error(GenerationBus.CONFLICT, message);
    }

    static JsonObject error(String code, String message) {
        return new JsonObject().put("error", new JsonObject().put("code", code).put("message", message));
    }
}

package dev.darkroom.eventbus;

import io.vertx.core.json.JsonObject;

/**
 * One thing that is wrong with a request.
 *
 * @param pointer where: a JSON pointer into the request as a URI fragment (RFC 6901), such as {@code #/width}
 * @param detail what was expected there
 */
public record FieldError(String pointer, String detail) {

    JsonObject toJson() {
        return new JsonObject().put("pointer", pointer).put("detail", detail);
    }
}

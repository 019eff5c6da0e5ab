package dev.darkroom.backend.openai;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/**
 * What a server says about an error, in whichever dialect: {@code {"error":{"message","type","code"}}} (OpenAI),
 * {@code {"error":"text"}} (sd-server), {@code {"detail":"text"|[…]}} (FastAPI), anything else as plain text.
 *
 * @param message never null; not fit for logs before it was redacted
 * @param code null when there is none
 * @param type null when there is none
 * @param retryAfter seconds, as written; null when there is none
 * @param refusal a refusal by content policy or quota, wherever it stands; null when there is none
 */
record ErrorBody(String message, String code, String type, String retryAfter, RefusalCodes.Kind refusal) {
    static ErrorBody parse(Buffer body) {
        try {
            Object json = Json.decodeValue(body);
            if (json instanceof JsonObject object) {
                return of(object);
            }
            return new ErrorBody(body.toString(), null, null, null, RefusalCodes.find(json));
        } catch (DecodeException e) {
            // HTML from a proxy, or nothing at all: what is left is its text.
        }
        return new ErrorBody(body.toString(), null, null, null, RefusalCodes.find(body.toString()));
    }

    private static ErrorBody of(JsonObject object) {
        Object error = object.getValue("error");
        if (error instanceof JsonObject details) {
            Object wait = details.getValue("retry_after", object.getValue("retry_after"));
            return new ErrorBody(
                    text(details.getValue("message")),
                    name(details.getValue("code")),
                    name(details.getValue("type")),
                    name(wait),
                    RefusalCodes.find(object));
        }
        Object message = error != null ? error : object.getValue("detail", object.getValue("message"));
        return new ErrorBody(
                text(message == null ? object : message),
                name(object.getValue("code")),
                name(object.getValue("type")),
                name(object.getValue("retry_after")),
                RefusalCodes.find(object));
    }

    private static String text(Object value) {
        if (value instanceof JsonObject || value instanceof JsonArray) {
            return Json.encode(value);
        }
        return value == null ? "" : value.toString();
    }

    private static String name(Object value) {
        return value instanceof String || value instanceof Number ? value.toString() : null;
    }

    /** The content policy refused the prompt or the picture. */
    boolean moderated() {
        return refusal == RefusalCodes.Kind.MODERATION;
    }

    /** The account has nothing left to spend: waiting does not help, a person has to act. */
    boolean quotaExhausted() {
        return refusal == RefusalCodes.Kind.QUOTA;
    }
}

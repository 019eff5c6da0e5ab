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
record OpenAiErrorBody(String message, String code, String type, String retryAfter, RefusalDetector.Kind refusal) {
    static OpenAiErrorBody parse(Buffer body) {
        try {
            Object json = Json.decodeValue(body);
            if (json instanceof JsonObject object) {
                return fromObject(object);
            }
            return new OpenAiErrorBody(body.toString(), null, null, null, RefusalDetector.find(json));
        } catch (DecodeException e) {
            // HTML from a proxy, or nothing at all: what is left is its text.
        }
        return new OpenAiErrorBody(body.toString(), null, null, null, RefusalDetector.find(body.toString()));
    }

    private static OpenAiErrorBody fromObject(JsonObject object) {
        Object error = object.getValue("error");
        if (error instanceof JsonObject details) {
            Object wait = details.getValue("retry_after", object.getValue("retry_after"));
            return new OpenAiErrorBody(
                    toText(details.getValue("message")),
                    toScalarText(details.getValue("code")),
                    toScalarText(details.getValue("type")),
                    toScalarText(wait),
                    RefusalDetector.find(object));
        }
        Object message = error != null ? error : object.getValue("detail", object.getValue("message"));
        return new OpenAiErrorBody(
                toText(message == null ? object : message),
                toScalarText(object.getValue("code")),
                toScalarText(object.getValue("type")),
                toScalarText(object.getValue("retry_after")),
                RefusalDetector.find(object));
    }

    private static String toText(Object value) {
        if (value instanceof JsonObject || value instanceof JsonArray) {
            return Json.encode(value);
        }
        return value == null ? "" : value.toString();
    }

    private static String toScalarText(Object value) {
        return value instanceof String || value instanceof Number ? value.toString() : null;
    }

    /** The content policy refused the prompt or the picture. */
    boolean moderated() {
        return refusal == RefusalDetector.Kind.MODERATION;
    }

    /** The account has nothing left to spend: waiting does not help, a person has to act. */
    boolean quotaExhausted() {
        return refusal == RefusalDetector.Kind.QUOTA;
    }
}

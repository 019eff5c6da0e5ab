package dev.darkroom.backend.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * Error body of a server in one of several formats: {@code {"error":{"message","type","code"}}} (OpenAI),
 * {@code {"error":"text","errors"|"message":"text"}} (AUTOMATIC1111, sd-server), {@code {"detail":"text"|[…]}} (FastAPI),
 * {@code {"detail":"text","error_type":"text"}} (fal), {@code {"name":"code","errors":[…]}} (Stability AI).
 * Anything else is read as plain text.
 *
 * @param message never null; has to be redacted before it is logged
 * @param code null when the body has none
 * @param type null when the body has none
 * @param retryAfter unparsed seconds; null when the body has none
 * @param refusal refusal by content policy or quota found anywhere in the body; null when there is none
 */
record ErrorBody(String message, String code, String type, String retryAfter, RefusalDetector.Kind refusal) {
    /** Fields that explain an error without details of its own, the most specific first. */
    private static final List<String> EXPLANATIONS = List.of("errors", "detail", "message");

    static ErrorBody parse(Buffer body) {
        try {
            Object json = Json.decodeValue(body);
            if (json instanceof JsonObject object) {
                return fromObject(object);
            }
            return new ErrorBody(
                    body.toString(), null, null, RequestedDelayFinder.find(json), RefusalDetector.find(json));
        } catch (DecodeException e) {
            // HTML of a proxy or an empty body: use its text.
        }
        String text = body.toString();
        return new ErrorBody(text, null, null, RequestedDelayFinder.find(text), RefusalDetector.find(text));
    }

    private static ErrorBody fromObject(JsonObject object) {
        Object error = object.getValue("error");
        if (error instanceof JsonObject details) {
            return new ErrorBody(
                    toText(details.getValue("message")),
                    toScalarText(details.getValue("code")),
                    toScalarText(details.getValue("type")),
                    RequestedDelayFinder.find(object),
                    RefusalDetector.find(object));
        }
        Object message = error != null
                ? describeError(error, object)
                : object.getValue("detail", object.getValue("message", object.getValue("errors")));
        return new ErrorBody(
                toText(message == null ? object : message),
                toScalarText(object.getValue("code", object.getValue("name"))),
                toScalarText(object.getValue("type", object.getValue("error_type"))),
                RequestedDelayFinder.find(object),
                RefusalDetector.find(object));
    }

    /** Appends the explanation of an error that is only a name, such as {@code OutOfMemoryError} of AUTOMATIC1111. */
    private static Object describeError(Object error, JsonObject object) {
        if (error instanceof String name) {
            for (String field : EXPLANATIONS) {
                String explanation = toText(object.getValue(field));
                if (!explanation.isBlank()) {
                    return name + ": " + explanation;
                }
            }
        }
        return error;
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

    /** Returns true when the content policy rejected the prompt or the image. */
    boolean moderated() {
        return refusal == RefusalDetector.Kind.MODERATION;
    }

    /** Returns true when the quota of the account is exhausted. Waiting does not help; the operator has to act. */
    boolean quotaExhausted() {
        return refusal == RefusalDetector.Kind.QUOTA;
    }
}

package dev.darkroom.backend.http;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Error body of a server in one of several formats: {@code {"error":{"message","type","code"}}} (OpenAI),
 * {@code {"error":"text","errors"|"message":"text"}} (AUTOMATIC1111, sd-server), {@code {"detail":"text"|[…]}} (FastAPI),
 * {@code {"detail":"text","error_type":"text"}} (fal).
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

    /** Replicate: "Request was throttled. Your rate limit resets in ~30s." LiteLLM: "Try again in 5 seconds." */
    private static final Pattern RETRY_SENTENCE =
            Pattern.compile("(?:rate limit resets in ~?|Try again in )(\\d{1,6})(?:s| seconds)\\b");

    static ErrorBody parse(Buffer body) {
        try {
            Object json = Json.decodeValue(body);
            if (json instanceof JsonObject object) {
                return fromObject(object);
            }
            return new ErrorBody(body.toString(), null, null, null, RefusalDetector.find(json));
        } catch (DecodeException e) {
            // HTML of a proxy or an empty body: use its text.
        }
        return new ErrorBody(body.toString(), null, null, null, RefusalDetector.find(body.toString()));
    }

    private static ErrorBody fromObject(JsonObject object) {
        Object error = object.getValue("error");
        if (error instanceof JsonObject details) {
            Object retryAfter = details.getValue("retry_after", object.getValue("retry_after"));
            String message = toText(details.getValue("message"));
            return new ErrorBody(
                    message,
                    toScalarText(details.getValue("code")),
                    toScalarText(details.getValue("type")),
                    findRetryAfter(retryAfter, message),
                    RefusalDetector.find(object));
        }
        Object message =
                error != null ? describeError(error, object) : object.getValue("detail", object.getValue("message"));
        return new ErrorBody(
                toText(message == null ? object : message),
                toScalarText(object.getValue("code")),
                toScalarText(object.getValue("type", object.getValue("error_type"))),
                findRetryAfter(object.getValue("retry_after"), toText(object.getValue("detail"))),
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

    /**
     * Returns unparsed seconds.
     *
     * @param field value of {@code retry_after}; null when there is none
     * @param sentence text that may contain a delay instead
     * @return null when there is none
     */
    private static String findRetryAfter(Object field, String sentence) {
        String seconds = toScalarText(field);
        Matcher matcher = RETRY_SENTENCE.matcher(sentence);
        return seconds == null && matcher.find() ? matcher.group(1) : seconds;
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

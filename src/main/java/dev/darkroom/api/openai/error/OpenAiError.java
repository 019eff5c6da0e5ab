package dev.darkroom.api.openai.error;

import dev.darkroom.api.problem.ErrorRenderer.ErrorResponse;
import dev.darkroom.api.transport.ResponseHeaders;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.TreeMap;

/**
 * Error of the OpenAI API. Immutable.
 *
 * @param status HTTP status
 * @param type kind of the error, such as {@code invalid_request_error}
 * @param code for programs
 * @param param invalid parameter, null when the error concerns none
 * @param message for people
 * @param retryable whether a retry may succeed; clients are told to send none otherwise
 */
public record OpenAiError(int status, String type, String code, String param, String message, boolean retryable) {
    /** Type of an error that the request causes. */
    public static final String INVALID_REQUEST = "invalid_request_error";

    /** Creates the error of an invalid parameter. */
    public static OpenAiError invalid(String code, String param, String message) {
        return new OpenAiError(400, INVALID_REQUEST, code, param, message, false);
    }

    /**
     * Creates the error of an invalid value.
     *
     * @param expected the rule that the value violates
     */
    public static OpenAiError invalidValue(String param, String expected) {
        return invalid("invalid_value", param, "Invalid value for '" + param + "': " + expected + ".");
    }

    public JsonObject toJson() {
        return new JsonObject()
                .put(
                        "error",
                        new JsonObject()
                                .put("message", message)
                                .put("type", type)
                                .put("param", param)
                                .put("code", code));
    }

    /** @param headers of the response, besides {@code X-Should-Retry} */
    public ErrorResponse toResponse(Map<String, String> headers) {
        Map<String, String> all = new TreeMap<>(headers);
        if (!retryable) {
            all.put(ResponseHeaders.SHOULD_RETRY, "false");
        }
        return new ErrorResponse(status, all, "application/json", toJson());
    }
}

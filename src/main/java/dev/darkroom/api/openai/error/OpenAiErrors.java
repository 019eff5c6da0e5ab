package dev.darkroom.api.openai.error;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.problem.Problem.ValidationError;
import dev.darkroom.generation.GenerationError;
import java.util.Locale;

/**
 * Errors of the OpenAI API for problems and failed generations. {@code docs/openai.md} has the same table. Statuses and types are those of
 * the API of OpenAI where it has them.
 */
public final class OpenAiErrors {
    private static final String RATE_LIMIT = "rate_limit_error";
    private static final String INSUFFICIENT_QUOTA = "insufficient_quota";
    private static final String SERVER_ERROR = "server_error";
    private static final String PERMISSION = "permission_error";

    private OpenAiErrors() {}

    /** Returns the error of a rejected request. */
    public static OpenAiError of(Problem problem) {
        return switch (problem.type()) {
            case INVALID_REQUEST -> invalidRequest(problem);
            case UNAUTHORIZED -> last(problem, "authentication_error", "invalid_api_key");
            case BUDGET_EXCEEDED, QUOTA_EXCEEDED ->
                new OpenAiError(429, INSUFFICIENT_QUOTA, INSUFFICIENT_QUOTA, null, problem.getMessage(), false);
            case ORIGIN_NOT_ALLOWED -> last(problem, PERMISSION, "origin_not_allowed");
            case FORBIDDEN, INVALID_IMAGE_URL, INVALID_CALLBACK_TOKEN -> last(problem, PERMISSION, "forbidden");
            case NOT_FOUND -> last(problem, OpenAiError.INVALID_REQUEST, "not_found");
            case METHOD_NOT_ALLOWED -> last(problem, OpenAiError.INVALID_REQUEST, "method_not_supported");
            case REQUEST_TIMEOUT -> retryable(problem, OpenAiError.INVALID_REQUEST, "request_timeout");
            case CONFLICT -> last(problem, OpenAiError.INVALID_REQUEST, "conflict");
            case GONE -> last(problem, OpenAiError.INVALID_REQUEST, "gone");
            case MISDIRECTED_REQUEST -> last(problem, OpenAiError.INVALID_REQUEST, "misdirected_request");
            case IDEMPOTENCY_KEY_REUSED -> last(problem, OpenAiError.INVALID_REQUEST, "idempotency_key_reused");
            case PRECONDITION_FAILED -> last(problem, OpenAiError.INVALID_REQUEST, "precondition_failed");
            case REQUEST_TOO_LARGE -> last(problem, OpenAiError.INVALID_REQUEST, "request_too_large");
            case UNSUPPORTED_MEDIA_TYPE -> last(problem, OpenAiError.INVALID_REQUEST, "unsupported_media_type");
            case RANGE_NOT_SATISFIABLE -> last(problem, OpenAiError.INVALID_REQUEST, "range_not_satisfiable");
            case TOO_MANY_REQUESTS -> retryable(problem, RATE_LIMIT, "rate_limit_exceeded");
            case INTERNAL_ERROR -> last(problem, SERVER_ERROR, "internal_error");
            case UNAVAILABLE -> retryable(problem, SERVER_ERROR, "unavailable");
            case OVERLOADED -> retryable(problem, SERVER_ERROR, "overloaded");
        };
    }

    /** Returns the error of a failed generation. A retry would be a second generation, so none is suggested. */
    public static OpenAiError of(GenerationError error) {
        String code = error.code().toLowerCase(Locale.ROOT);
        if (code.equals("cancelled")) {
            return new OpenAiError(409, OpenAiError.INVALID_REQUEST, code, null, error.message(), false);
        }
        if (code.equals("budget_exceeded")) {
            return new OpenAiError(429, INSUFFICIENT_QUOTA, INSUFFICIENT_QUOTA, null, error.message(), false);
        }
        return switch (error.failureClass()) {
            case MODERATED ->
                new OpenAiError(400, "image_generation_user_error", "moderation_blocked", null, error.message(), false);
            case TERMINAL_INPUT ->
                new OpenAiError(400, OpenAiError.INVALID_REQUEST, code, null, error.message(), false);
            // Not 502 or 504: proxies replace the bodies of these.
            case NOT_SENT,
                    REJECTED_RETRYABLE,
                    SERVER_ERROR,
                    AMBIGUOUS,
                    RESULT_LOST,
                    TERMINAL_AUTH,
                    INVALID_RESULT,
                    RESULT_DOWNLOAD,
                    RESULT_STORE,
                    INTERNAL -> new OpenAiError(500, SERVER_ERROR, code, null, error.message(), false);
        };
    }

    private static OpenAiError last(Problem problem, String type, String code) {
        return new OpenAiError(problem.status(), type, code, null, problem.getMessage(), false);
    }

    private static OpenAiError retryable(Problem problem, String type, String code) {
        return new OpenAiError(problem.status(), type, code, null, problem.getMessage(), true);
    }

    /** Names the first invalid parameter. OpenAI names one too. */
    private static OpenAiError invalidRequest(Problem problem) {
        if (problem.errors().isEmpty() || problem.errors().get(0).pointer().equals("#")) {
            return last(problem, OpenAiError.INVALID_REQUEST, "invalid_request");
        }
        ValidationError first = problem.errors().get(0);
        String field = fieldOf(first.pointer());
        // Only an image by its URL is rejected with its index. JSON has these in a list.
        String param = first.pointer().startsWith("#/inputImages/") ? "images" : paramOf(field);
        if (first.detail().equals("is required")) {
            return OpenAiError.invalid(
                    "missing_required_parameter", param, "Missing required parameter: '" + param + "'.");
        }
        // A size has two sides.
        String subject = param.equals("size") && !field.equals(param) ? field + " " : "";
        return OpenAiError.invalidValue(param, subject + first.detail());
    }

    /** Returns the first segment of a JSON pointer; that of a parameter of the model without {@code parameters}. */
    private static String fieldOf(String pointer) {
        String path = pointer.replaceFirst("^#/", "").replaceFirst("^parameters/", "");
        return path.split("/", -1)[0];
    }

    /** Returns the name in the OpenAI API of a field of a generation. */
    private static String paramOf(String field) {
        return switch (field) {
            case "width", "height" -> "size";
            case "count" -> "n";
            case "negativePrompt" -> "negative_prompt";
            case "metadata" -> "user";
            case "inputImages" -> "image";
            default -> field;
        };
    }
}

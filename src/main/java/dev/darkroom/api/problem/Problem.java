package dev.darkroom.api.problem;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Error response of the API, a problem document (RFC 9457). Thrown, or passed to {@code RoutingContext.fail}; {@code ProblemHandler} sends
 * it. Its texts go to clients and must not contain SQL, stack traces, internal addresses or secrets. Immutable.
 */
public final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Media type of the document. */
    public static final String MEDIA_TYPE = "application/problem+json";

    /** Delay before a retry after 503: long enough for a recovery, short enough for a waiting user. */
    private static final String RETRY_AFTER_SECONDS = "5";

    private static final String CHALLENGE = "Bearer realm=\"darkroom\"";
    private static final String INVALID_TOKEN_CHALLENGE = CHALLENGE + ", error=\"invalid_token\"";

    /** Problem types of the API. */
    public enum Type {
        INVALID_REQUEST("invalid-request", 400, "Invalid request"),
        UNAUTHORIZED("unauthorized", 401, "Unauthorized"),
        BUDGET_EXCEEDED("budget-exceeded", 402, "Budget exceeded"),
        INVALID_IMAGE_URL("invalid-image-url", 403, "Invalid image URL"),
        INVALID_CALLBACK_TOKEN("invalid-callback-token", 403, "Invalid callback token"),
        ORIGIN_NOT_ALLOWED("origin-not-allowed", 403, "Origin not allowed"),
        FORBIDDEN("forbidden", 403, "Forbidden"),
        NOT_FOUND("not-found", 404, "Not found"),
        METHOD_NOT_ALLOWED("method-not-allowed", 405, "Method not allowed"),
        REQUEST_TIMEOUT("request-timeout", 408, "Request timeout"),
        CONFLICT("conflict", 409, "Conflict"),
        GONE("gone", 410, "Gone"),
        MISDIRECTED_REQUEST("misdirected-request", 421, "Misdirected request"),
        IDEMPOTENCY_KEY_REUSED("idempotency-key-reused", 422, "Idempotency key reused"),
        PRECONDITION_FAILED("precondition-failed", 412, "Precondition failed"),
        REQUEST_TOO_LARGE("request-too-large", 413, "Request too large"),
        UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", 415, "Unsupported media type"),
        RANGE_NOT_SATISFIABLE("range-not-satisfiable", 416, "Range not satisfiable"),
        TOO_MANY_REQUESTS("too-many-requests", 429, "Too many requests"),
        QUOTA_EXCEEDED("quota-exceeded", 429, "Quota exceeded"),
        INTERNAL_ERROR("internal-error", 500, "Internal error"),
        UNAVAILABLE("unavailable", 503, "Service unavailable"),
        OVERLOADED("overloaded", 503, "Queue full");

        private final String uri;
        private final int status;
        private final String title;

        Type(String name, int status, String title) {
            this.uri = "urn:darkroom:problem:" + name;
            this.status = status;
            this.title = title;
        }
    }

    /**
     * One error of a request.
     *
     * @param pointer JSON pointer as a URI fragment, or the name of a parameter
     * @param detail expected value
     */
    public record ValidationError(String pointer, String detail) {}

    private final Type type;
    private final int status;
    private final transient List<ValidationError> errors;
    private final transient Map<String, String> headers;

    private Problem(Type type, int status, String detail, List<ValidationError> errors, Map<String, String> headers) {
        // A problem is an expected response, not a fault of the program: no stack trace.
        super(detail, null, false, false);
        this.type = type;
        this.status = status;
        this.errors = List.copyOf(errors);
        this.headers = Map.copyOf(headers);
    }

    private Problem(Type type, String detail, Map<String, String> headers) {
        this(type, type.status, detail, List.of(), headers);
    }

    private Problem(Type type, String detail) {
        this(type, detail, Map.of());
    }

    public static Problem invalid(List<ValidationError> errors) {
        ValidationError first = errors.get(0);
        String name = first.pointer().startsWith("#/") ? first.pointer().substring(2) : first.pointer();
        String more = errors.size() > 1 ? " (and " + (errors.size() - 1) + " more)" : "";
        String detail = (name.equals("#") ? "body" : name) + ": " + first.detail() + more;
        return new Problem(Type.INVALID_REQUEST, Type.INVALID_REQUEST.status, detail, errors, Map.of());
    }

    public static Problem invalid(String pointer, String detail) {
        return invalid(List.of(new ValidationError(pointer, detail)));
    }

    /** The request is not valid HTTP, so the problem names no field. */
    public static Problem malformedRequest() {
        return new Problem(Type.INVALID_REQUEST, "The request is not valid HTTP.");
    }

    /**
     * Credentials are missing or invalid (RFC 6750, section 3).
     *
     * @param presented whether the request has credentials
     */
    public static Problem unauthorized(boolean presented, String detail) {
        return new Problem(
                Type.UNAUTHORIZED, detail, Map.of("WWW-Authenticate", presented ? INVALID_TOKEN_CHALLENGE : CHALLENGE));
    }

    /** The signed URL of an image has expired or is invalid. */
    public static Problem invalidImageUrl(String detail) {
        return new Problem(Type.INVALID_IMAGE_URL, detail);
    }

    /** The token of a callback URL is invalid, or belongs to another job. */
    public static Problem invalidCallbackToken(String detail) {
        return new Problem(Type.INVALID_CALLBACK_TOKEN, detail);
    }

    /** The resource does not exist any more (RFC 9110, section 15.5.11). */
    public static Problem gone(String detail) {
        return new Problem(Type.GONE, detail);
    }

    /** The operation requires the admin role. */
    public static Problem forbidden() {
        return new Problem(Type.FORBIDDEN, "This operation requires the admin role.");
    }

    /** The origin of a web page may not connect. A browser sends the origin, and a page cannot forge it. */
    public static Problem originNotAllowed() {
        return new Problem(Type.ORIGIN_NOT_ALLOWED, "The origin is not allowed to connect.");
    }

    /** A page of another origin sent a request without credentials, perhaps without the knowledge of the user. */
    public static Problem crossOriginRequest() {
        return new Problem(Type.ORIGIN_NOT_ALLOWED, "Cross-origin requests without credentials are not allowed.");
    }

    /** The request names a host that this server does not serve (RFC 9110, section 15.5.20). */
    public static Problem misdirectedRequest() {
        return new Problem(
                Type.MISDIRECTED_REQUEST,
                "Without authentication this server accepts only the hosts localhost, publicUrl and http.allowedHosts.");
    }

    public static Problem requestTimeout() {
        return new Problem(
                Type.REQUEST_TIMEOUT,
                "The body did not arrive in time. The connection will be closed.",
                Map.of("Connection", "close"));
    }

    /** The state of the resource does not allow the operation. */
    public static Problem conflict(String detail) {
        return new Problem(Type.CONFLICT, detail);
    }

    public static Problem idempotencyKeyReused() {
        return new Problem(
                Type.IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key was used with a different request. Use a new key for each new request.");
    }

    public static Problem notFound(String detail) {
        return new Problem(Type.NOT_FOUND, detail);
    }

    public static Problem unknownPath() {
        return notFound("The path does not exist.");
    }

    /**
     * @param allowed methods of the path, as in an {@code Allow} header
     */
    public static Problem methodNotAllowed(String method, String allowed) {
        String detail = method + " is not allowed; allowed: " + allowed + ".";
        return new Problem(Type.METHOD_NOT_ALLOWED, detail, Map.of("Allow", allowed));
    }

    /**
     * @param status 413 for the body, 414 for the URL, 431 for the headers
     */
    public static Problem tooLarge(int status, String detail) {
        return new Problem(Type.REQUEST_TOO_LARGE, status, detail, List.of(), Map.of());
    }

    public static Problem unsupportedMediaType() {
        return new Problem(Type.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json in UTF-8.");
    }

    /** @param expected media types of the operation */
    public static Problem unsupportedMediaType(Collection<String> expected) {
        return new Problem(
                Type.UNSUPPORTED_MEDIA_TYPE,
                "The body must be one of " + expected.stream().sorted().collect(Collectors.joining(", ")) + ".");
    }

    /** The response lists the supported codings (RFC 9110, section 12.5.3). */
    public static Problem unsupportedContentEncoding() {
        return new Problem(
                Type.UNSUPPORTED_MEDIA_TYPE,
                "The body must not be compressed: no Content-Encoding is supported.",
                Map.of("Accept-Encoding", "identity"));
    }

    /**
     * The content has no byte of the requested range (RFC 9110, section 15.5.17).
     *
     * @param length of the content in bytes
     */
    public static Problem rangeNotSatisfiable(long length) {
        return new Problem(
                Type.RANGE_NOT_SATISFIABLE,
                "The image has " + length + " bytes, none of them in the range.",
                Map.of("Content-Range", "bytes */" + length));
    }

    /** The content has none of the entity tags of {@code If-Match} (RFC 9110, section 15.5.13). */
    public static Problem preconditionFailed() {
        return new Problem(Type.PRECONDITION_FAILED, "The image has another ETag.");
    }

    public static Problem internalError() {
        return new Problem(Type.INTERNAL_ERROR, "The server failed. Give the operator the request id.");
    }

    public static Problem unavailable() {
        return new Problem(
                Type.UNAVAILABLE,
                "The service is temporarily unavailable. Retry later.",
                Map.of("Retry-After", RETRY_AFTER_SECONDS));
    }

    /** @param retryAfter in seconds */
    public static Problem overloaded(String detail, long retryAfter) {
        return new Problem(
                Type.OVERLOADED, detail + " Nothing was stored.", Map.of("Retry-After", String.valueOf(retryAfter)));
    }

    /** @param retryAfter in seconds */
    public static Problem tooManyRequests(String detail, long retryAfter) {
        return new Problem(
                Type.TOO_MANY_REQUESTS, detail, Map.of("Retry-After", String.valueOf(Math.min(60, retryAfter))));
    }

    /** @param retryAfter in seconds */
    public static Problem quotaExceeded(String detail, long retryAfter) {
        return new Problem(
                Type.QUOTA_EXCEEDED,
                detail + " Nothing was stored.",
                Map.of("Retry-After", String.valueOf(retryAfter)));
    }

    /**
     * A budget is exhausted. Status 402, because a retry before the reset is in vain, and clients repeat 429.
     *
     * @param retryAfter in seconds
     */
    public static Problem budgetExceeded(String detail, long retryAfter) {
        return new Problem(
                Type.BUDGET_EXCEEDED,
                detail + " Nothing was stored.",
                Map.of("Retry-After", String.valueOf(retryAfter)));
    }

    /** Returns whether the request has invalid credentials. */
    public boolean isInvalidCredential() {
        return type == Type.UNAUTHORIZED && headers.containsValue(INVALID_TOKEN_CHALLENGE);
    }

    /** Returns the summary of the type. */
    public String title() {
        return type.title;
    }

    public Type type() {
        return type;
    }

    /** Returns the invalid fields; empty unless the type is {@link Type#INVALID_REQUEST}. */
    public List<ValidationError> errors() {
        return errors;
    }

    /** Returns the HTTP status. */
    public int status() {
        return status;
    }

    /** Returns the headers of the response. */
    public Map<String, String> headers() {
        return headers;
    }

    /**
     * Returns the document.
     *
     * @param instance path of the request
     */
    public JsonObject toJson(String instance, String requestId) {
        JsonObject json = new JsonObject()
                .put("type", type.uri)
                .put("title", type.title)
                .put("status", status)
                .put("detail", getMessage())
                .put("instance", instance)
                .put("requestId", requestId);
        if (!errors.isEmpty()) {
            JsonArray list = new JsonArray();
            errors.forEach(error ->
                    list.add(new JsonObject().put("pointer", error.pointer()).put("detail", error.detail())));
            json.put("errors", list);
        }
        return json;
    }
}

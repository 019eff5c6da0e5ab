package dev.darkroom.backend;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A fault of an AI server: the behavior at one submission. Later submissions succeed.
 *
 * @param label as the pages describe it
 * @param step supplier of the step of the simulator's script, called right before use because some steps contain a date; null for an
 *     AI server that cannot be reached
 * @param unanswered whether the attempt lasts until its timeout
 */
public record BackendFault(String label, Supplier<JsonObject> step, boolean unanswered) {

    /** Creates a fault from the JSON of a step. */
    public static BackendFault of(String label, String step) {
        return new BackendFault(label, () -> new JsonObject(step), false);
    }

    /** Creates a fault of a response with a status and a body. */
    public static BackendFault response(String label, int status, String body) {
        return new BackendFault(
                label, () -> new JsonObject().put("status", status).put("body", new JsonObject(body)), false);
    }

    /** Returns the faults that a server of any protocol can have. */
    public static Stream<BackendFault> common() {
        return Stream.of(connectionFaults(), statusFaults(), proxyFaults(), requestedDelays(), refusals(), bodyFaults())
                .flatMap(part -> part);
    }

    private static Stream<BackendFault> connectionFaults() {
        return Stream.of(
                new BackendFault("connection refused", null, false),
                of("connection dropped", "{\"drop\":true}"),
                of("connection dropped after accept", "{\"dropAccepted\":true}"),
                of("connection dropped in the middle of the response", "{\"truncated\":true}"),
                new BackendFault("no response", () -> new JsonObject().put("hang", true), true));
    }

    private static Stream<BackendFault> statusFaults() {
        return IntStream.of(
                        400, 405, 413, 415, 422, 404, 401, 402, 403, 408, 504, 524, 409, 425, 429, 503, 529, 500, 502)
                .mapToObj(status -> of("" + status, "{\"status\":" + status + "}"));
    }

    private static Stream<BackendFault> proxyFaults() {
        return Stream.of(
                of("502 with HTML of a proxy", "{\"html\":true}"),
                of("502 with HTML of a proxy, after accept", "{\"html\":true,\"accepted\":true}"),
                of("503 of a proxy, after accept", "{\"status\":503,\"accepted\":true}"),
                of("504 with HTML of a proxy, after accept", "{\"html\":true,\"status\":504,\"accepted\":true}"),
                of("200 with HTML of a proxy", "{\"html\":true,\"status\":200}"),
                of("redirect to itself", "{\"redirectLoop\":true}"));
    }

    private static Stream<BackendFault> requestedDelays() {
        return Stream.of(
                of("429 with `Retry-After: 2`", "{\"status\":429,\"retryAfter\":2}"),
                new BackendFault(
                        "429 with `Retry-After` as a date",
                        () -> new JsonObject().put("status", 429).put("retryAfter", date(Duration.ofSeconds(3))),
                        false),
                of("429 with `retry-after-ms: 1500`", "{\"status\":429,\"retryAfterMs\":1500}"),
                response("429 with `retry_after` in the body", 429, "{\"detail\":\"throttled\",\"retry_after\":5}"),
                of("503 with `Retry-After: 2`", "{\"status\":503,\"retryAfter\":2}"));
    }

    private static Stream<BackendFault> refusals() {
        return Stream.of(
                of("content policy", "{\"moderation\":true}"),
                response("content policy, as an error in a 200", 200, "{\"error\":{\"code\":\"moderation_blocked\"}}"),
                of("exhausted quota", "{\"quota\":true}"),
                response("429 with `insufficient_quota`", 429, "{\"error\":{\"code\":\"insufficient_quota\"}}"));
    }

    private static Stream<BackendFault> bodyFaults() {
        return Stream.of(
                of("200 with garbage", "{\"malformedBody\":true}"),
                response("200 with an empty object", 200, "{}"),
                response("200 with an error", 200, "{\"error\":\"out of order\"}"),
                of("204", "{\"status\":204}"),
                of("response of 100 MB", "{\"oversizedBody\":true}"),
                of("failed job without a class", "{\"failedJob\":\"RuntimeError: no file /srv/models/a.bin\"}"),
                of("success without an image", "{\"noImages\":true}"),
                of("success with fewer images than requested", "{\"tooFewImages\":true}"),
                of("success with bytes that are no image", "{\"invalidImage\":true}"),
                of("success with the wrong content type", "{\"contentType\":\"text/plain\"}"),
                of("slow success", "{\"delay\":\"100ms\"}"));
    }

    /** Returns the faults of images that are downloaded. */
    public static Stream<BackendFault> downloads() {
        return Stream.of(
                download("403", "{\"status\":403}"),
                download("404, as an expired link", "{\"status\":404}"),
                download("410", "{\"status\":410}"),
                download("503 each time", "{\"status\":503,\"times\":10}"),
                download("503 once", "{\"status\":503}"),
                download("dropped each time", "{\"drop\":true,\"times\":10}"),
                download("dropped once", "{\"drop\":true}"),
                download("truncated each time", "{\"truncated\":true,\"times\":10}"),
                download("bytes that are no image", "{\"malformedBody\":true}"),
                download("HTML with status 200", "{\"html\":true,\"status\":200}"));
    }

    /** Returns the faults of image URLs, which only protocols with URLs of any server can have. */
    public static Stream<BackendFault> urls() {
        return Stream.of(
                of("image: URL that is not http or https", "{\"url\":\"ftp://files/a.png\"}"),
                of("image: URL of an address that is not allowed", "{\"url\":\"http://10.0.0.1/a.png\"}"));
    }

    private static BackendFault download(String label, String fault) {
        return new BackendFault(
                "image: " + label,
                () -> new JsonObject()
                        .put("urlResult", true)
                        .put("downloadFaults", new JsonArray(List.of(new JsonObject(fault)))),
                false);
    }

    private static String date(Duration fromNow) {
        return DateTimeFormatter.RFC_1123_DATE_TIME
                .withLocale(Locale.US)
                .format(ZonedDateTime.now(ZoneOffset.UTC).plus(fromNow));
    }
}

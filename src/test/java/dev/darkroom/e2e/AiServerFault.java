package dev.darkroom.e2e;

import dev.darkroom.testing.BrokenServer;
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

/** A fault of an AI server, with the label that {@code docs/retries.md} gives it. */
sealed interface AiServerFault {
    /**
     * Delay that the AI server requests in {@code Retry-After}. It is far above the delays of the retry policy, so that
     * its effect is visible.
     */
    Duration REQUESTED_DELAY = Duration.ofSeconds(2);

    /** Subject of the fault, printed before the label. Empty for a fault of the response to a generation request. */
    String about();

    String label();

    /**
     * Whether the label is an HTTP status alone. Neighboring faults of this kind share a table row when their results
     * are equal.
     */
    default boolean isHttpStatus() {
        return label().matches("\\d{3}");
    }

    /**
     * Fault that a step of the AI server's script produces.
     *
     * @param step supplier of the step, called right before use because some steps contain a date
     * @param httpStatus HTTP status that the attempt records; null for none
     * @param persistent whether the fault lasts until the deadline of the attempt; such a fault is tested with a short
     * deadline
     */
    record ScriptedFault(String about, String label, Supplier<JsonObject> step, Integer httpStatus, boolean persistent)
            implements AiServerFault {
        private ScriptedFault asPersistent() {
            return new ScriptedFault(about, label, step, httpStatus, true);
        }

        @Override
        public String toString() {
            return displayName(this);
        }
    }

    /** Fault of the connection: the server cannot be used at all. */
    record ConnectionFault(String about, String label, Supplier<BrokenServer> server) implements AiServerFault {
        @Override
        public String toString() {
            return displayName(this);
        }
    }

    /** Returns the subject and the label, as the documentation prints them. */
    static String displayName(AiServerFault aiServerFault) {
        return aiServerFault.about().isEmpty()
                ? aiServerFault.label()
                : aiServerFault.about() + ": " + aiServerFault.label();
    }

    /** Returns all faults, in the order of the documentation. */
    static Stream<AiServerFault> all() {
        return Stream.of(
                        connectionFaults(),
                        statusFaults(),
                        timingFaults(),
                        responseFaults(),
                        urlFaults(),
                        imageFaults())
                .flatMap(part -> part);
    }

    private static Stream<AiServerFault> connectionFaults() {
        return Stream.of(
                new ConnectionFault("", "connection refused", BrokenServer::refusingConnections),
                new ConnectionFault("", "unknown host (DNS)", BrokenServer::withUnknownHost),
                new ConnectionFault("", "TCP handshake without a response", BrokenServer::acceptingNoMore),
                new ConnectionFault("", "TLS handshake that never ends", BrokenServer::neverResponding),
                new ConnectionFault("", "TLS: untrusted certificate", BrokenServer::withUntrustedCertificate),
                new ConnectionFault("", "TLS: plaintext port", BrokenServer::withoutTls),
                new ConnectionFault("", "response that is not HTTP", BrokenServer::sendingNoHttp),
                scriptedFault("connection dropped", flag("drop"), null),
                scriptedFault("connection dropped in the middle of the response", flag("truncated"), null),
                scriptedFault("no response", flag("hang"), null).asPersistent(),
                scriptedFault("response of one byte per second", flag("slowBody"), null)
                        .asPersistent(),
                scriptedFault("slow response within the deadline", step("delay", "300ms"), null));
    }

    private static Stream<AiServerFault> statusFaults() {
        return IntStream.of(
                        400, 405, 415, 422, 404, 413, 418, 401, 402, 403, 408, 504, 524, 409, 425, 500, 501, 502, 503,
                        529, 302, 308)
                .mapToObj(status -> scriptedFault("" + status, step("status", status), status));
    }

    private static Stream<AiServerFault> timingFaults() {
        return Stream.of(
                scriptedFault("429", step("status", 429), 429),
                retryAfterFault(429, "in seconds", () -> "" + REQUESTED_DELAY.toSeconds()),
                retryAfterFault(429, "as a date", () -> date(REQUESTED_DELAY.plusSeconds(1))),
                retryAfterFault(429, "as a past date", () -> date(Duration.ofDays(-1))),
                retryAfterFault(429, "negative", () -> "-5"),
                retryAfterFault(429, "of a year", () -> "31536000"),
                retryAfterFault(503, "in seconds", () -> "" + REQUESTED_DELAY.toSeconds()),
                scriptedFault("429 with a quota error", flag("quota"), 429),
                scriptedFault("400 with a content policy error", flag("moderation"), 400));
    }

    private static Stream<AiServerFault> responseFaults() {
        JsonObject error = new JsonObject().put("error", new JsonObject().put("message", "out of memory"));
        return Stream.of(
                scriptedFault("500 with `{\"error\": \"…\"}`", step("errorBody", "string"), 500),
                scriptedFault(
                        "422 with `{\"detail\": \"…\"}`",
                        step("errorBody", "detail").put("status", 422),
                        422),
                scriptedFault("502 with HTML", flag("html"), 502),
                scriptedFault("200 with HTML", flag("html").put("status", 200), 200),
                scriptedFault("200 with an error body", step("status", 200).put("body", error), 200),
                scriptedFault("200 with an empty object", step("status", 200).put("body", new JsonObject()), 200),
                scriptedFault("200 with garbage", flag("malformedBody"), 200),
                scriptedFault("200 without an image", flag("noImages"), 200),
                scriptedFault("200 with fewer images than requested", flag("tooFewImages"), 200),
                scriptedFault("200 with bytes that are not an image", flag("invalidImage"), null),
                scriptedFault("200 with the wrong content type", step("contentType", "text/html"), null),
                scriptedFault("204", step("status", 204), 204),
                scriptedFault("100 MB with Content-Length", flag("oversizedBody"), 200),
                scriptedFault(
                        "100 MB without Content-Length", flag("oversizedBody").put("chunked", true), 200),
                scriptedFault(
                                "100 MB, sent slowly",
                                flag("oversizedBody").put("chunked", true).put("interval", "100ms"),
                                null)
                        .asPersistent(),
                scriptedFault("redirect to itself", flag("redirectLoop"), 302));
    }

    private static Stream<AiServerFault> urlFaults() {
        return Stream.of(
                urlFault("not http or https", "ftp://127.0.0.1/image.png"),
                urlFault("not http or https", "file:///etc/hostname"),
                urlFault("not http or https", "image.png"),
                urlFault("connection refused", "http://127.0.0.1:1/image.png"),
                urlFault("unknown host", "http://no-such-host.invalid/image.png"));
    }

    private static Stream<AiServerFault> imageFaults() {
        return Stream.of(
                imageFault("401", 401, step("status", 401)),
                imageFault("403", 403, step("status", 403)),
                imageFault("404", 404, step("status", 404)),
                imageFault("410", 410, step("status", 410)),
                imageFault("500 three times", 500, times(3, step("status", 500))),
                imageFault("500 twice", null, times(2, step("status", 500))),
                imageFault("429 once", null, step("status", 429)),
                imageFault("dropped three times", null, times(3, flag("drop"))),
                imageFault("dropped once", null, flag("drop")),
                imageFault("truncated three times", null, times(3, flag("truncated"))),
                imageFault("no response, three times", null, times(3, flag("hang")))
                        .asPersistent(),
                imageFault("no response, once", null, flag("hang")),
                imageFault("one byte per second, three times", null, times(3, flag("slowBody")))
                        .asPersistent(),
                imageFault("100 MB with Content-Length", null, flag("oversizedBody")),
                imageFault(
                        "100 MB without Content-Length",
                        null,
                        flag("oversizedBody").put("chunked", true)),
                imageFault("200 with HTML", null, flag("html").put("status", 200)),
                imageFault("200 with bytes that are not an image", null, flag("malformedBody")),
                imageFault("204", null, step("status", 204)),
                imageFault("wrong content type", null, step("contentType", "text/plain")),
                imageFault("redirect to itself", null, times(-1, flag("redirectLoop"))));
    }

    private static ScriptedFault scriptedFault(String label, JsonObject step, Integer httpStatus) {
        return new ScriptedFault("", label, step::copy, httpStatus, false);
    }

    private static ScriptedFault retryAfterFault(int status, String label, Supplier<String> value) {
        Supplier<JsonObject> step = () -> step("status", status).put("retryAfter", value.get());
        return new ScriptedFault("", status + " with Retry-After " + label, step, status, false);
    }

    private static ScriptedFault urlFault(String label, String url) {
        return new ScriptedFault("image URL", label, () -> step("url", url), null, false);
    }

    private static ScriptedFault imageFault(String label, Integer httpStatus, JsonObject... faults) {
        Supplier<JsonObject> step = () -> flag("urlResult").put("downloadFaults", new JsonArray(List.of(faults)));
        return new ScriptedFault("image URL", label, step, httpStatus, false);
    }

    private static JsonObject flag(String name) {
        return step(name, true);
    }

    private static JsonObject step(String name, Object value) {
        return new JsonObject().put(name, value);
    }

    private static JsonObject times(int times, JsonObject step) {
        return step.put("times", times);
    }

    private static String date(Duration fromNow) {
        return DateTimeFormatter.RFC_1123_DATE_TIME
                .withLocale(Locale.US)
                .format(ZonedDateTime.now(ZoneOffset.UTC).plus(fromNow));
    }
}

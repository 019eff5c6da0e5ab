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

/** Something that an AI server does wrong, with the words in which the documentation names it. */
sealed interface AiServerFault {
    /** What an AI server asks for that asks for time: well above the delays without that, so that it shows. */
    Duration REQUESTED_DELAY = Duration.ofSeconds(2);

    /** What it is about, and is told before the label; empty for the answer to a request for pictures. */
    String about();

    String label();

    /** Whether it says all that there is to say of it, as a status does: then its neighbours may share its row. */
    default boolean isHttpStatus() {
        return label().matches("\\d{3}");
    }

    /**
     * A step of the AI server's script.
     *
     * @param step made when it is needed, since some know the time
     * @param httpStatus that the attempt tells; null for none
     * @param persistent whether it lasts until the attempt's deadline, and is best tried where that is short
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

    /** A server with which nobody can talk at all. */
    record ConnectionFault(String about, String label, Supplier<BrokenServer> server) implements AiServerFault {
        @Override
        public String toString() {
            return displayName(this);
        }
    }

    /** As the documentation names it. */
    static String displayName(AiServerFault aiServerFault) {
        return aiServerFault.about().isEmpty()
                ? aiServerFault.label()
                : aiServerFault.about() + ": " + aiServerFault.label();
    }

    /** All that there are, in the order in which the documentation tells them. */
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
                new ConnectionFault("", "nobody listens (connection refused)", BrokenServer::refusingConnections),
                new ConnectionFault("", "unknown host (DNS)", BrokenServer::withUnknownHost),
                new ConnectionFault("", "TCP handshake without an answer", BrokenServer::acceptingNoMore),
                new ConnectionFault("", "TLS handshake without an end", BrokenServer::neverResponding),
                new ConnectionFault(
                        "", "TLS: a certificate that nobody trusts", BrokenServer::withUntrustedCertificate),
                new ConnectionFault("", "TLS: the port speaks none", BrokenServer::withoutTls),
                new ConnectionFault("", "bytes that are no HTTP", BrokenServer::sendingNoHttp),
                scriptedFault("connection dropped", flag("drop"), null),
                scriptedFault("connection dropped in the middle of the answer", flag("truncated"), null),
                scriptedFault("never an answer", flag("hang"), null).asPersistent(),
                scriptedFault("an answer of a byte a second", flag("drip"), null)
                        .asPersistent(),
                scriptedFault("an answer that comes late, but in time", step("delay", "300ms"), null));
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
                retryAfterFault(429, "as a date that has passed", () -> date(Duration.ofDays(-1))),
                retryAfterFault(429, "negative", () -> "-5"),
                retryAfterFault(429, "of a year", () -> "31536000"),
                retryAfterFault(503, "in seconds", () -> "" + REQUESTED_DELAY.toSeconds()),
                scriptedFault("429 that says quota", flag("quota"), 429),
                scriptedFault("400 that says content policy", flag("moderation"), 400));
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
                scriptedFault(
                        "200 with an error in its body", step("status", 200).put("body", error), 200),
                scriptedFault("200 with an empty object", step("status", 200).put("body", new JsonObject()), 200),
                scriptedFault("200 with garbage", flag("garbage"), 200),
                scriptedFault("200 without a picture", flag("empty"), 200),
                scriptedFault("200 with fewer pictures than asked for", flag("fewer"), 200),
                scriptedFault("200 with bytes that are no picture", flag("notAPicture"), null),
                scriptedFault("200 with the wrong content type", step("contentType", "text/html"), null),
                scriptedFault("204", step("status", 204), 204),
                scriptedFault("100 MB, announced", flag("huge"), 200),
                scriptedFault("100 MB, not announced", flag("huge").put("chunked", true), 200),
                scriptedFault(
                                "100 MB, and slowly",
                                flag("huge").put("chunked", true).put("interval", "100ms"),
                                null)
                        .asPersistent(),
                scriptedFault("a redirect to itself", flag("redirectLoop"), 302));
    }

    private static Stream<AiServerFault> urlFaults() {
        return Stream.of(
                urlFault("not http or https", "ftp://127.0.0.1/picture.png"),
                urlFault("not http or https", "file:///etc/hostname"),
                urlFault("not http or https", "picture.png"),
                urlFault("nobody listens", "http://127.0.0.1:1/picture.png"),
                urlFault("unknown host", "http://no-such-host.invalid/picture.png"));
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
                imageFault("cut off three times", null, times(3, flag("truncated"))),
                imageFault("never an answer, three times", null, times(3, flag("hang")))
                        .asPersistent(),
                imageFault("never an answer, once", null, flag("hang")),
                imageFault("a byte a second, three times", null, times(3, flag("drip")))
                        .asPersistent(),
                imageFault("100 MB, announced", null, flag("huge")),
                imageFault("100 MB, not announced", null, flag("huge").put("chunked", true)),
                imageFault("200 with HTML", null, flag("html").put("status", 200)),
                imageFault("200 with bytes that are no picture", null, flag("garbage")),
                imageFault("204", null, step("status", 204)),
                imageFault("the wrong content type", null, step("contentType", "text/plain")),
                imageFault("a redirect to itself", null, times(-1, flag("redirectLoop"))));
    }

    private static ScriptedFault scriptedFault(String label, JsonObject step, Integer httpStatus) {
        return new ScriptedFault("", label, step::copy, httpStatus, false);
    }

    private static ScriptedFault retryAfterFault(int status, String label, Supplier<String> value) {
        Supplier<JsonObject> step = () -> step("status", status).put("retryAfter", value.get());
        return new ScriptedFault("", status + " with Retry-After " + label, step, status, false);
    }

    private static ScriptedFault urlFault(String label, String url) {
        return new ScriptedFault("picture URL", label, () -> step("url", url), null, false);
    }

    private static ScriptedFault imageFault(String label, Integer httpStatus, JsonObject... faults) {
        Supplier<JsonObject> step = () -> flag("urlResult").put("pictureFaults", new JsonArray(List.of(faults)));
        return new ScriptedFault("picture URL", label, step, httpStatus, false);
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

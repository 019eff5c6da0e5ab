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
sealed interface Fault {
    /** What an AI server asks for that asks for time: well above the delays without that, so that it shows. */
    Duration ASKED = Duration.ofSeconds(2);

    /** What it is about, and is told before the label; empty for the answer to a request for pictures. */
    String about();

    String label();

    /** Whether it says all that there is to say of it, as a status does: then its neighbours may share its row. */
    default boolean isStatus() {
        return label().matches("\\d{3}");
    }

    /**
     * A step of the AI server's script.
     *
     * @param step made when it is needed, since some know the time
     * @param httpStatus that the attempt tells; null for none
     * @param slow whether it lasts until the attempt's deadline, and is best tried where that is short
     */
    record Scripted(String about, String label, Supplier<JsonObject> step, Integer httpStatus, boolean slow)
            implements Fault {
        private Scripted lasting() {
            return new Scripted(about, label, step, httpStatus, true);
        }

        @Override
        public String toString() {
            return named(this);
        }
    }

    /** A server with which nobody can talk at all. */
    record Elsewhere(String about, String label, Supplier<BrokenServer> server) implements Fault {
        @Override
        public String toString() {
            return named(this);
        }
    }

    /** As the documentation names it. */
    static String named(Fault fault) {
        return fault.about().isEmpty() ? fault.label() : fault.about() + ": " + fault.label();
    }

    /** All that there are, in the order in which the documentation tells them. */
    static Stream<Fault> all() {
        return Stream.of(connections(), statuses(), waits(), answers(), urls(), pictures())
                .flatMap(part -> part);
    }

    private static Stream<Fault> connections() {
        return Stream.of(
                new Elsewhere("", "nobody listens (connection refused)", BrokenServer::refusing),
                new Elsewhere("", "unknown host (DNS)", BrokenServer::unknown),
                new Elsewhere("", "TCP handshake without an answer", BrokenServer::full),
                new Elsewhere("", "TLS handshake without an end", BrokenServer::silent),
                new Elsewhere("", "TLS: a certificate that nobody trusts", BrokenServer::untrusted),
                new Elsewhere("", "TLS: the port speaks none", BrokenServer::plain),
                new Elsewhere("", "bytes that are no HTTP", BrokenServer::noHttp),
                scripted("connection dropped", flag("drop"), null),
                scripted("connection dropped in the middle of the answer", flag("truncated"), null),
                scripted("never an answer", flag("hang"), null).lasting(),
                scripted("an answer of a byte a second", flag("drip"), null).lasting(),
                scripted("an answer that comes late, but in time", step("delay", "300ms"), null));
    }

    private static Stream<Fault> statuses() {
        return IntStream.of(
                        400, 405, 415, 422, 404, 413, 418, 401, 402, 403, 408, 504, 524, 409, 425, 500, 501, 502, 503,
                        529, 302, 308)
                .mapToObj(status -> scripted("" + status, step("status", status), status));
    }

    private static Stream<Fault> waits() {
        return Stream.of(
                scripted("429", step("status", 429), 429),
                retryAfter(429, "in seconds", () -> "" + ASKED.toSeconds()),
                retryAfter(429, "as a date", () -> date(ASKED.plusSeconds(1))),
                retryAfter(429, "as a date that has passed", () -> date(Duration.ofDays(-1))),
                retryAfter(429, "negative", () -> "-5"),
                retryAfter(429, "of a year", () -> "31536000"),
                retryAfter(503, "in seconds", () -> "" + ASKED.toSeconds()),
                scripted("429 that says quota", flag("quota"), 429),
                scripted("400 that says content policy", flag("moderation"), 400));
    }

    private static Stream<Fault> answers() {
        JsonObject error = new JsonObject().put("error", new JsonObject().put("message", "out of memory"));
        return Stream.of(
                scripted("500 with `{\"error\": \"…\"}`", step("errorBody", "string"), 500),
                scripted(
                        "422 with `{\"detail\": \"…\"}`",
                        step("errorBody", "detail").put("status", 422),
                        422),
                scripted("502 with HTML", flag("html"), 502),
                scripted("200 with HTML", flag("html").put("status", 200), 200),
                scripted("200 with an error in its body", step("status", 200).put("body", error), 200),
                scripted("200 with an empty object", step("status", 200).put("body", new JsonObject()), 200),
                scripted("200 with garbage", flag("garbage"), 200),
                scripted("200 without a picture", flag("empty"), 200),
                scripted("200 with fewer pictures than asked for", flag("fewer"), 200),
                scripted("200 with bytes that are no picture", flag("notAPicture"), null),
                scripted("200 with the wrong content type", step("contentType", "text/html"), null),
                scripted("204", step("status", 204), 204),
                scripted("100 MB, announced", flag("huge"), 200),
                scripted("100 MB, not announced", flag("huge").put("chunked", true), 200),
                scripted("100 MB, and slowly", flag("huge").put("chunked", true).put("interval", "100ms"), null)
                        .lasting(),
                scripted("a redirect to itself", flag("redirectLoop"), 302));
    }

    private static Stream<Fault> urls() {
        return Stream.of(
                url("not http or https", "ftp://127.0.0.1/picture.png"),
                url("not http or https", "file:///etc/hostname"),
                url("not http or https", "picture.png"),
                url("nobody listens", "http://127.0.0.1:1/picture.png"),
                url("unknown host", "http://no-such-host.invalid/picture.png"));
    }

    private static Stream<Fault> pictures() {
        return Stream.of(
                picture("401", 401, step("status", 401)),
                picture("403", 403, step("status", 403)),
                picture("404", 404, step("status", 404)),
                picture("410", 410, step("status", 410)),
                picture("500 three times", 500, times(3, step("status", 500))),
                picture("500 twice", null, times(2, step("status", 500))),
                picture("429 once", null, step("status", 429)),
                picture("dropped three times", null, times(3, flag("drop"))),
                picture("dropped once", null, flag("drop")),
                picture("cut off three times", null, times(3, flag("truncated"))),
                picture("never an answer, three times", null, times(3, flag("hang")))
                        .lasting(),
                picture("never an answer, once", null, flag("hang")),
                picture("a byte a second, three times", null, times(3, flag("drip")))
                        .lasting(),
                picture("100 MB, announced", null, flag("huge")),
                picture("100 MB, not announced", null, flag("huge").put("chunked", true)),
                picture("200 with HTML", null, flag("html").put("status", 200)),
                picture("200 with bytes that are no picture", null, flag("garbage")),
                picture("204", null, step("status", 204)),
                picture("the wrong content type", null, step("contentType", "text/plain")),
                picture("a redirect to itself", null, times(-1, flag("redirectLoop"))));
    }

    private static Scripted scripted(String label, JsonObject step, Integer httpStatus) {
        return new Scripted("", label, step::copy, httpStatus, false);
    }

    private static Scripted retryAfter(int status, String label, Supplier<String> value) {
        Supplier<JsonObject> step = () -> step("status", status).put("retryAfter", value.get());
        return new Scripted("", status + " with Retry-After " + label, step, status, false);
    }

    private static Scripted url(String label, String url) {
        return new Scripted("picture URL", label, () -> step("url", url), null, false);
    }

    private static Scripted picture(String label, Integer httpStatus, JsonObject... faults) {
        Supplier<JsonObject> step = () -> flag("urlResult").put("pictureFaults", new JsonArray(List.of(faults)));
        return new Scripted("picture URL", label, step, httpStatus, false);
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

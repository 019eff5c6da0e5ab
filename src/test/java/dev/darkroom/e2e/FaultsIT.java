package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that an AI server can do wrong, once, and what it comes to: one table. */
class FaultsIT {
    @TempDir
    static Path directory;

    private static AiServer aiServer;
    private static Darkroom darkroom;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        aiServer = new AiServer(Duration.ofMillis(1));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomSettings.quick()
                        .with("DARKROOM_NODE_TTL", "15s")
                        .database(TestPostgres.newDatabase())
                        .aiServer(aiServer)
                        .with("DARKROOM_RETRY_BASE", "10ms")
                        .with("DARKROOM_BACKEND_TIMEOUT", "4s"));
        client = darkroom.client();
    }

    @AfterAll
    static void stop() {
        darkroom.close();
        aiServer.close();
    }

    @BeforeEach
    void wellAiServer() {
        aiServer.reset();
    }

    /**
     * A fault that ends the first attempt.
     *
     * @param step of the script
     * @param told outcome, class, code and whether it was counted
     * @param httpStatus null when there was none
     */
    private record Fault(JsonObject step, String told, Integer httpStatus) {
        boolean retried() {
            return !told.startsWith("PERMANENT");
        }

        @Override
        public String toString() {
            return step.encode() + " → " + told;
        }
    }

    private static Fault status(int status, String told) {
        return new Fault(new JsonObject().put("status", status), told, status);
    }

    private static Fault flag(String name, String told, Integer httpStatus) {
        return new Fault(new JsonObject().put(name, true), told, httpStatus);
    }

    private static Fault url(String url) {
        return new Fault(new JsonObject().put("url", url), "RETRYABLE EMPTY_SUCCESS INVALID_URL counted", null);
    }

    private static JsonObject urlResult(JsonObject... pictureFaults) {
        return new JsonObject().put("urlResult", true).put("pictureFaults", new JsonArray(List.of(pictureFaults)));
    }

    private static JsonObject times(int times, String fault, Object value) {
        return new JsonObject().put(fault, value).put("times", times);
    }

    static Stream<Fault> faults() {
        return Stream.of(
                status(400, "PERMANENT TERMINAL_INPUT INVALID_REQUEST counted"),
                status(401, "PERMANENT TERMINAL_AUTH UNAUTHORIZED counted"),
                status(402, "PERMANENT TERMINAL_AUTH PAYMENT_REQUIRED counted"),
                status(403, "PERMANENT TERMINAL_AUTH FORBIDDEN counted"),
                status(404, "PERMANENT TERMINAL_INPUT NOT_FOUND counted"),
                status(408, "RETRYABLE AMBIGUOUS GATEWAY_TIMEOUT counted"),
                status(409, "RETRYABLE REJECTED_RETRYABLE CONFLICT counted"),
                status(413, "PERMANENT TERMINAL_INPUT REQUEST_TOO_LARGE counted"),
                status(422, "PERMANENT TERMINAL_INPUT INVALID_REQUEST counted"),
                status(429, "RETRYABLE REJECTED_RETRYABLE RATE_LIMITED uncounted"),
                status(500, "RETRYABLE SERVER_ERROR SERVER_ERROR counted"),
                status(502, "RETRYABLE SERVER_ERROR SERVER_ERROR counted"),
                status(503, "RETRYABLE REJECTED_RETRYABLE UNAVAILABLE counted"),
                status(504, "RETRYABLE AMBIGUOUS GATEWAY_TIMEOUT counted"),
                status(302, "RETRYABLE SERVER_ERROR UNEXPECTED_REDIRECT counted"),
                new Fault(new JsonObject().put("status", 204), "RETRYABLE EMPTY_SUCCESS EMPTY_RESPONSE counted", 204),
                flag("drop", "RETRYABLE AMBIGUOUS CONNECTION_LOST counted", null),
                flag("hang", "TIMEOUT AMBIGUOUS TIMED_OUT counted", null),
                flag("garbage", "RETRYABLE EMPTY_SUCCESS MALFORMED_RESPONSE counted", 200),
                flag("empty", "RETRYABLE EMPTY_SUCCESS EMPTY_RESPONSE counted", 200),
                flag("fewer", "RETRYABLE EMPTY_SUCCESS TOO_FEW_PICTURES counted", 200),
                flag("notAPicture", "RETRYABLE EMPTY_SUCCESS NOT_A_PICTURE counted", null),
                flag("moderation", "PERMANENT MODERATED MODERATED counted", 400),
                flag("quota", "PERMANENT TERMINAL_AUTH QUOTA_EXHAUSTED counted", 429),
                flag("html", "RETRYABLE SERVER_ERROR SERVER_ERROR counted", 502),
                new Fault(
                        new JsonObject().put("errorBody", "string").put("status", 500),
                        "RETRYABLE SERVER_ERROR SERVER_ERROR counted",
                        500),
                new Fault(
                        new JsonObject().put("errorBody", "detail").put("status", 422),
                        "PERMANENT TERMINAL_INPUT INVALID_REQUEST counted",
                        422),
                new Fault(
                        new JsonObject()
                                .put("status", 200)
                                .put("body", new JsonObject().put("error", new JsonObject().put("message", "oh"))),
                        "RETRYABLE SERVER_ERROR ERROR_IN_SUCCESS counted",
                        200),
                url("ftp://127.0.0.1/picture.png"),
                url("file:///etc/hostname"),
                url("picture.png"),
                new Fault(urlResult(times(3, "status", 500)), "RETRYABLE RESULT_FETCH DOWNLOAD_FAILED counted", 500),
                new Fault(urlResult(times(3, "drop", true)), "RETRYABLE RESULT_FETCH DOWNLOAD_FAILED counted", null),
                new Fault(
                        urlResult(new JsonObject().put("status", 404)),
                        "RETRYABLE BACKEND_LOST PICTURE_GONE counted",
                        404),
                new Fault(
                        urlResult(new JsonObject().put("garbage", true)),
                        "RETRYABLE EMPTY_SUCCESS NOT_A_PICTURE counted",
                        null));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void aFaultIsSortedRecordedAndOvercomeWhereThatCanBe(Fault fault) {
        // given
        aiServer.script(fault.step());

        // when two pictures are asked for, so that there can be fewer
        JsonObject ended = end(2);

        // then
        List<JsonObject> attempts = Attempts.of(ended);
        assertThat(Attempts.told(attempts.get(0))).isEqualTo(fault.told());
        JsonObject error = attempts.get(0).getJsonObject("error");
        assertThat(error.getInteger("httpStatus")).isEqualTo(fault.httpStatus());
        assertThat(ended.getInteger("failedAttempts")).isEqualTo(1);
        if (fault.retried()) {
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(attempts).hasSize(2);
            assertThat(attempts.get(0).getString("retryAt")).isNotNull();
        } else {
            assertThat(ended.getString("status")).isEqualTo("FAILED");
            assertThat(attempts).hasSize(1);
            assertThat(ended.getJsonObject("error").getString("code")).isEqualTo(error.getString("code"));
            assertThat(ended.getJsonObject("error").getString("class")).isEqualTo(error.getString("class"));
            assertThat(ended.getJsonObject("error").getBoolean("retryable")).isFalse();
        }
        assertThat(aiServer.requests(ended.getString("id"))).hasSameSizeAs(attempts);
    }

    static Stream<JsonObject> faultsThatCostNoAttempt() {
        return Stream.of(
                urlResult(),
                urlResult(new JsonObject().put("status", 500)),
                urlResult(times(2, "status", 503)),
                urlResult(new JsonObject().put("drop", true)),
                urlResult(new JsonObject().put("hang", true)),
                urlResult(new JsonObject().put("status", 429).put("retryAfter", 1)),
                new JsonObject().put("delay", "300ms"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faultsThatCostNoAttempt")
    void aPictureThatWasMadeIsNotMadeAgain(JsonObject step) {
        // given
        aiServer.script(step);

        // when
        JsonObject ended = end(1);

        // then the download was tried again, not the generation
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(Attempts.of(ended)).extracting(Attempts::told).containsExactly("SUCCEEDED");
        assertThat(aiServer.requests(ended.getString("id"))).hasSize(1);
    }

    private static JsonObject end(int count) {
        JsonObject request = new JsonObject()
                .put("prompt", "a fault in the works")
                .put("width", 64)
                .put("height", 64)
                .put("count", count);
        return client.awaitEnd(client.create(request).getString("id"));
    }
}

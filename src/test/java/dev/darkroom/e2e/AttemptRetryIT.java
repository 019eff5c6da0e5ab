package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomExtension;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Retries after failures of the AI server: attempts, delays, idempotency key and log of one generation. */
class AttemptRetryIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static JsonObject retried;
    private static List<JsonObject> submissions;

    /** Runs one generation through every kind of failure. Several tests check it. */
    @BeforeAll
    static void runGenerationThroughFailures() {
        service.aiServer()
                .script(
                        new JsonObject().put("status", 500),
                        new JsonObject().put("status", 429).put("retryAfter", 2),
                        new JsonObject().put("drop", true),
                        new JsonObject().put("malformedBody", true),
                        new JsonObject().put("noImages", true));
        retried = service.client().awaitEnd(service.client().create("a lighthouse"));
        submissions = service.aiServer().recordedRequests(retried.getString("id"));
    }

    @Test
    void recordsAndRetriesEveryKindOfFailure() {
        // when
        List<JsonObject> attempts = AttemptJson.attemptsOf(retried);

        // then
        assertThat(retried.getString("status")).isEqualTo("COMPLETE");
        assertThat(retried.getInteger("failedAttempts")).isEqualTo(5);
        assertThat(attempts)
                .extracting(AttemptJson::summary)
                .containsExactly(
                        "RETRYABLE SERVER_ERROR SERVER_ERROR counted",
                        "RETRYABLE REJECTED_RETRYABLE RATE_LIMITED uncounted",
                        "RETRYABLE AMBIGUOUS CONNECTION_LOST counted",
                        "RETRYABLE INVALID_RESULT MALFORMED_RESPONSE counted",
                        "RETRYABLE INVALID_RESULT EMPTY_RESPONSE counted",
                        "SUCCEEDED");
        assertThat(attempts).extracting(attempt -> attempt.getInteger("number")).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(attempts)
                .extracting(attempt ->
                        attempt.getJsonObject("error", new JsonObject()).getInteger("httpStatus"))
                .containsExactly(500, 429, null, 200, 200, null);
    }

    @Test
    void delaysStayWithinWindowsThatDoubleUpToMaximum() {
        // when
        List<Duration> delays = AttemptJson.attemptsOf(retried).stream()
                .limit(5)
                .map(AttemptJson::retryDelay)
                .toList();

        // then the minimum is 100 ms, or the delay that the AI server requested; the windows are 100, 200, 400, 400 and
        // 400 ms
        assertBetween(delays.get(0), 100, 200);
        assertBetween(delays.get(1), 2000, 2200);
        assertBetween(delays.get(2), 100, 500);
        assertBetween(delays.get(3), 100, 500);
        assertBetween(delays.get(4), 100, 500);
        assertThat(AttemptJson.attemptsOf(retried).get(5).getString("retryAt")).isNull();
    }

    private static void assertBetween(Duration delay, long least, long most) {
        assertThat(delay).isBetween(Duration.ofMillis(least), Duration.ofMillis(most));
    }

    @Test
    void neverSubmitsBeforeRetryTime() {
        // when
        List<JsonObject> attempts = AttemptJson.attemptsOf(retried);

        // then
        assertThat(submissions).hasSize(6);
        for (int i = 1; i < 6; i++) {
            Instant due = AttemptJson.parseTime(attempts.get(i - 1), "retryAt");
            assertThat(AttemptJson.parseTime(attempts.get(i), "startedAt")).isAfterOrEqualTo(due);
            assertThat(AttemptJson.parseTime(submissions.get(i), "at")).isAfterOrEqualTo(due);
        }
    }

    @Test
    void repeatsSameRequestWithSameIdempotencyKey() throws Exception {
        // given a request without a seed
        JsonObject submitted = submissions.get(0).getJsonObject("body");

        // when
        byte[] image = service.client()
                .get(URI.create(retried.getJsonArray("imageUrls").getString(0)).getPath())
                .body();

        // then
        assertThat(submissions).hasSize(6);
        assertThat(submissions)
                .extracting(submission -> submission.getString("key"))
                .containsOnly(retried.getString("id"));
        assertThat(submissions)
                .extracting(submission -> submission.getJsonObject("body"))
                .containsOnly(submitted);
        assertThat(submitted.getLong("seed")).isEqualTo(retried.getLong("seed"));
        assertThat(image).isEqualTo(imageOf(submitted));
        assertThat(image).isNotEqualTo(imageOf(submitted.copy().put("seed", (submitted.getLong("seed") + 1) % 1000)));
    }

    /** Returns the image of a request. The simulator returns the same image for the same request. */
    private static byte[] imageOf(JsonObject request) throws Exception {
        HttpRequest post = HttpRequest.newBuilder(URI.create(service.aiServer().url() + "/images/generations"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(request.encode()))
                .build();
        String response =
                HttpClient.newHttpClient().send(post, BodyHandlers.ofString()).body();
        return Base64.getDecoder()
                .decode(new JsonObject(response)
                        .getJsonArray("data")
                        .getJsonObject(0)
                        .getString("b64_json"));
    }

    @Test
    void logsEveryAttemptAndOutcome() {
        // given the expected parts of each line, with the delay that the attempt shows
        List<JsonObject> attempts = AttemptJson.attemptsOf(retried);
        List<List<String>> expected = new ArrayList<>();
        expected.add(List.of("generation accepted"));
        for (JsonObject attempt : attempts) {
            String number = "attempt=" + attempt.getInteger("number");
            expected.add(List.of("attempt started", number));
            JsonObject error = attempt.getJsonObject("error");
            if (error == null) {
                expected.add(List.of("attempt succeeded", number, "attemptMs="));
            } else {
                expected.add(List.of(
                        "attempt failed, retry scheduled",
                        number,
                        "errorClass=" + error.getString("errorClass"),
                        "code=" + error.getString("code"),
                        "counted=" + attempt.getBoolean("counted"),
                        "delayMs=" + AttemptJson.retryDelay(attempt).toMillis(),
                        "retryAt="));
            }
        }
        expected.add(List.of("generation completed", "durationMs="));

        // when
        String id = retried.getString("id");
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> service.darkroom().log(id).size() >= expected.size());

        // then
        List<String> lines = new ArrayList<>(service.darkroom().log(id));
        assertThat(lines).hasSameSizeAs(expected);
        // Two event loops log the acceptance and the start of an attempt that begins with it.
        if (lines.get(1).contains("generation accepted")) {
            Collections.swap(lines, 0, 1);
        }
        for (int i = 0; i < lines.size(); i++) {
            assertThat(lines.get(i)).contains(expected.get(i));
        }
    }

    @Test
    void failsGenerationWithReasonAfterLastAttempt() {
        // given
        service.aiServer().script(new JsonObject().put("status", 500).put("times", -1));

        // when
        String id = service.client().create("always fails");
        JsonObject ended = service.client().awaitEnd(id);

        // then
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getInteger("failedAttempts")).isEqualTo(5);
        JsonObject error = ended.getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo("ATTEMPTS_EXHAUSTED");
        assertThat(error.getString("errorClass")).isEqualTo("SERVER_ERROR");
        assertThat(error.getString("message"))
                .contains("Failed after 5 attempts")
                .contains("The AI server failed.");
        assertThat(error.getBoolean("retryable")).isTrue();
        assertThat(AttemptJson.attemptsOf(ended))
                .extracting(AttemptJson::summary)
                .hasSize(5)
                .containsOnly("RETRYABLE SERVER_ERROR SERVER_ERROR counted");
        assertThat(AttemptJson.attemptsOf(ended).get(4).getString("retryAt")).isNull();
        assertThat(service.aiServer().recordedRequests(id)).hasSize(5);
        assertThat(service.darkroom().log(id))
                .anySatisfy(line ->
                        assertThat(line).contains("retries exhausted", "attempt=5", "reason=ATTEMPTS_EXHAUSTED"))
                .anySatisfy(line -> assertThat(line).contains("generation failed", "code=ATTEMPTS_EXHAUSTED"));
    }

    @ParameterizedTest
    @CsvSource({"moderation, MODERATED, MODERATED", "quota, TERMINAL_AUTH, QUOTA_EXHAUSTED"})
    void doesNotRetryPermanentFailures(String fault, String failureClass, String code) {
        // given
        service.aiServer().script(new JsonObject().put(fault, true));

        // when
        String id = service.client().create("fails permanently");
        JsonObject ended = service.client().awaitEnd(id);

        // then
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getInteger("failedAttempts")).isEqualTo(1);
        JsonObject error = ended.getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo(code);
        assertThat(error.getString("errorClass")).isEqualTo(failureClass);
        assertThat(error.getBoolean("retryable")).isFalse();
        assertThat(service.aiServer().recordedRequests(id)).hasSize(1);
        assertThat(service.darkroom().log(id))
                .anySatisfy(line -> assertThat(line).contains("attempt failed permanently", "reason=" + code));
    }
}

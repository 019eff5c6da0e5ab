package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.CallbackTokenFactory;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.GeneratedDocumentSection;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports of an AI server with the callback protocol, over HTTP. */
@Timeout(300)
class CallbackReportIT {
    private static final int MAX_INLINE_BYTES = 1 << 20;

    /** Requires authentication, which the token of a callback replaces. */
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_AUTH", "required")
            .with("DARKROOM_BACKEND_MAX_RESPONSE_BYTES", String.valueOf(MAX_INLINE_BYTES)));

    private static final JsonObject SUCCESS = new JsonObject()
            .put("status", "succeeded")
            .put("images", new JsonArray().add("https://images.example.org/1.png"));

    private UUID generationId;
    private UUID jobKey;

    /** Creates an unfinished generation with a job that waits for its result. */
    @BeforeEach
    void createJob() {
        service.aiServer().script(new JsonObject().put("hang", true).put("times", -1));
        generationId = UUID.fromString(service.newUser().client().create("A lighthouse"));
        jobKey = insertJob(generationId, Duration.ofMinutes(10));
    }

    /** A report and the response to it. */
    private record Report(String label, Callable<ApiResponse> send) {}

    @Test
    void documentsTheResponseToEachReport() throws Exception {
        // given
        JsonObject another = SUCCESS.copy().put("images", new JsonArray().add("https://images.example.org/2.png"));
        List<Report> reports = List.of(
                new Report("result before the response to the submission", () -> post(token(), SUCCESS)),
                new Report("the same result twice", () -> {
                    post(token(), SUCCESS);
                    return post(token(), SUCCESS);
                }),
                new Report("another result", () -> {
                    post(token(), SUCCESS);
                    return post(token(), another);
                }),
                new Report("progress after the result", () -> {
                    post(token(), SUCCESS);
                    return post(
                            token(), new JsonObject().put("status", "progress").put("percent", 7));
                }),
                new Report("result after the deadline", () -> {
                    jobKey = insertJob(generationId, Duration.ofSeconds(-1));
                    return post(token(), SUCCESS);
                }),
                new Report(
                        "result after the deadline, with an expired token",
                        () -> post(token(jobKey, Instant.now().minusSeconds(5)), SUCCESS)),
                new Report("result of an earlier submission of the same job", () -> {
                    String earlier = token();
                    TestPostgres.execute(
                            service.database(),
                            "UPDATE callback_jobs SET deadline = deadline + interval '5 min' WHERE job_key = '" + jobKey
                                    + "'");
                    return post(earlier, SUCCESS);
                }),
                new Report("result after the end of the generation", () -> {
                    TestPostgres.execute(
                            service.database(),
                            "DELETE FROM generation_queue WHERE generation_id = '" + generationId + "'");
                    return post(token(), SUCCESS);
                }),
                new Report("wrong signature", () -> post(token().replaceFirst("\\.\\d+\\.", ".9999999999."), SUCCESS)),
                new Report("token with the job of another generation", () -> {
                    UUID other = insertJob(
                            UUID.fromString(service.newUser().client().create("A boat")), Duration.ofMinutes(10));
                    return post(token().replace(jobKey.toString(), other.toString()), SUCCESS);
                }),
                new Report(
                        "`id` of another job",
                        () -> post(
                                token(),
                                SUCCESS.copy().put("id", UUID.randomUUID().toString()))),
                new Report(
                        "images a megabyte too large",
                        () -> post(
                                token(),
                                SUCCESS.copy()
                                        .put(
                                                "images",
                                                new JsonArray()
                                                        .add("data:image/png;base64,"
                                                                + "A".repeat(MAX_INLINE_BYTES + (1 << 20)))))),
                new Report("result that is not valid", () -> post(token(), new JsonObject().put("status", "done"))));

        // when
        StringBuilder table = new StringBuilder("| report | response | stored result |\n|---|---|---|\n");
        for (Report report : reports) {
            createJob();
            int status = report.send().call().status();
            String stored = storedResult();
            table.append("| %s | %d | %s |\n".formatted(report.label(), status, stored == null ? "none" : "the first"));
            assertThat(stored).as(report.label()).isIn(null, SUCCESS.encode());
        }

        // then
        new GeneratedDocumentSection(
                        "docs/backends/callback.md",
                        "reports",
                        "a run of CallbackReportIT",
                        "./mvnw test-compile failsafe:integration-test@end-to-end -Dit.test=CallbackReportIT")
                .assertContent(table.toString());
    }

    private static UUID insertJob(UUID generation, Duration lifetime) {
        UUID key = UUID.randomUUID();
        TestPostgres.execute(
                service.database(),
                "INSERT INTO callback_jobs (job_key, generation_id, deadline) VALUES ('" + key + "', '" + generation
                        + "', now() + interval '" + lifetime.toSeconds() + " s')");
        return key;
    }

    @Test
    void storesTheResult() {
        // when
        ApiResponse response = post(token(), SUCCESS);

        // then
        assertThat(response.status()).isEqualTo(204);
        assertThat(storedResult()).isEqualTo(SUCCESS.encode());
    }

    @Test
    void storesProgressAndThenAFailure() {
        assertThat(post(token(), new JsonObject().put("status", "progress").put("percent", 40))
                        .status())
                .isEqualTo(204);
        assertThat(TestPostgres.query(
                        service.database(), "SELECT percent FROM callback_jobs WHERE job_key = '" + jobKey + "'"))
                .containsExactly("40");

        // when
        JsonObject failure = new JsonObject()
                .put("status", "failed")
                .put("id", jobKey.toString())
                .put("error", new JsonObject().put("code", "out_of_memory"));

        // then
        assertThat(post(token(), failure).status()).isEqualTo(204);
        assertThat(storedResult()).isEqualTo(failure.encode());
    }

    @Test
    void sameResultTwiceGetsTheSameResponseAndAnotherOneIsRejected() {
        // given
        assertThat(post(token(), SUCCESS).status()).isEqualTo(204);

        // then
        assertThat(post(token(), SUCCESS).status()).isEqualTo(204);
        assertRejected(token(), SUCCESS.copy().put("id", jobKey.toString()), 409, "conflict");
        assertThat(storedResult()).isEqualTo(SUCCESS.encode());
    }

    @Test
    void rejectsAResultAfterTheDeadline() {
        // given an expired token, and a token that outlives the deadline of its job
        String expired = token(jobKey, Instant.now().minusSeconds(5));
        UUID late = insertJob(generationId, Duration.ofSeconds(-1));

        // then
        assertRejected(expired, SUCCESS, 410, "gone");
        assertRejected(token(late, expiry(late)), SUCCESS, 410, "gone");
        assertThat(storedResult()).isNull();
    }

    @Test
    void rejectsTheReportOfAnEarlierSubmissionOfTheSameJob() {
        // given the token of a submission, and then a later deadline
        String earlier = token();
        TestPostgres.execute(
                service.database(),
                "UPDATE callback_jobs SET deadline = deadline + interval '5 min' WHERE job_key = '" + jobKey + "'");

        // then
        assertRejected(earlier, SUCCESS, 410, "gone");
        assertRejected(earlier, new JsonObject().put("status", "progress").put("percent", 1), 410, "gone");
        assertThat(post(token(), SUCCESS).status()).isEqualTo(204);
    }

    @Test
    void rejectsAResultAfterTheEndOfTheGeneration() {
        // given
        TestPostgres.execute(
                service.database(), "DELETE FROM generation_queue WHERE generation_id = '" + generationId + "'");

        // then
        assertRejected(token(), SUCCESS, 410, "gone");
        assertRejected(token(), new JsonObject().put("status", "progress").put("percent", 1), 410, "gone");
        assertThat(storedResult()).isNull();
    }

    @Test
    void rejectsATokenWithoutItsJob() {
        assertRejected(token(UUID.randomUUID(), Instant.now().plusSeconds(60)), SUCCESS, 410, "gone");
    }

    @Test
    void rejectsAForgedToken() {
        // given
        String token = token();
        String signature = token.substring(token.lastIndexOf('.') + 1);
        char first = signature.charAt(0) == 'A' ? 'B' : 'A';

        // then
        assertForbidden(token.replace(signature, first + signature.substring(1)));
        assertForbidden(token.replaceFirst("\\.\\d+\\.", ".9999999999."));
        assertForbidden(token.replaceFirst("\\.\\d+\\.([^.]+)$", ".777.$1"));
        assertForbidden(jobKey.toString());
        assertForbidden("x");
        assertThat(storedResult()).isNull();
    }

    @Test
    void rejectsTheResultOfAnotherGeneration() {
        // given a job of another generation, and a token of this one with the other's job
        UUID other = insertJob(UUID.fromString(service.newUser().client().create("A boat")), Duration.ofMinutes(10));

        // then
        assertForbidden(token().replace(jobKey.toString(), other.toString()));
        assertRejected(token(), SUCCESS.copy().put("id", other.toString()), 403, "invalid-callback-token");
        assertThat(storedResult()).isNull();
    }

    @Test
    void acceptsInlineImagesUpToTheLimitAndRejectsAMegabyteMore() {
        // given
        String prefix = "data:image/png;base64,";
        JsonObject largest = new JsonObject()
                .put("status", "succeeded")
                .put("images", new JsonArray().add(prefix + "A".repeat(MAX_INLINE_BYTES)));
        JsonObject tooLarge = new JsonObject()
                .put("status", "succeeded")
                .put("images", new JsonArray().add(prefix + "A".repeat(MAX_INLINE_BYTES + (1 << 20))));

        // then
        assertRejected(token(), tooLarge, 413, "request-too-large");
        assertThat(storedResult()).isNull();
        assertThat(post(token(), largest).status()).isEqualTo(204);
        assertThat(storedResult()).isEqualTo(largest.encode());
    }

    @Test
    void limitsEverythingButInlineImages() {
        // given
        JsonObject failure = new JsonObject()
                .put("status", "failed")
                .put("error", new JsonObject().put("code", "c").put("message", "x".repeat(100_000)));

        // then
        assertRejected(token(), failure, 413, "request-too-large");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "no json",
                "{\"status\":\"done\"}",
                "{\"status\":\"progress\"}",
                "{\"status\":\"progress\",\"percent\":101}",
                "{\"status\":\"succeeded\"}",
                "{\"status\":\"succeeded\",\"images\":[]}",
                "{\"status\":\"succeeded\",\"images\":[\"ftp://x/y\"]}",
                "{\"status\":\"failed\"}",
                "{\"status\":\"failed\",\"error\":{}}",
                "{\"status\":\"failed\",\"error\":{\"code\":\"c\"},\"other\":1}"
            })
    void rejectsInvalidReports(String body) {
        assertRejected(token(), body, 400, "invalid-request");
        assertThat(storedResult()).isNull();
    }

    private static void assertRejected(String token, JsonObject report, int status, String type) {
        assertRejected(token, report.encode(), status, type);
    }

    private static void assertRejected(String token, String report, int status, String type) {
        assertProblem(post(token, report), status, type, "/api/callbacks/" + token);
    }

    private void assertForbidden(String token) {
        assertRejected(token, SUCCESS, 403, "invalid-callback-token");
    }

    private String storedResult() {
        return TestPostgres.query(
                        service.database(),
                        "SELECT coalesce(convert_from(result, 'UTF8'), '') FROM callback_jobs WHERE job_key = '"
                                + jobKey + "'")
                .stream()
                .filter(result -> !result.isEmpty())
                .findAny()
                .orElse(null);
    }

    private static ApiResponse post(String token, JsonObject report) {
        return post(token, report.encode());
    }

    /** Sends no credentials. */
    private static ApiResponse post(String token, String report) {
        return service.anonymous()
                .send(
                        "POST",
                        "/api/callbacks/" + token,
                        Map.of("Content-Type", "application/json"),
                        report.getBytes(StandardCharsets.UTF_8));
    }

    private String token() {
        return token(jobKey, expiry(jobKey));
    }

    /** Returns the expiry of the token of a job: a minute after its deadline. */
    private static Instant expiry(UUID job) {
        return Instant.ofEpochSecond(Long.parseLong(TestPostgres.query(
                        service.database(),
                        "SELECT floor(extract(epoch FROM deadline))::bigint + 60 FROM callback_jobs WHERE job_key = '"
                                + job + "'")
                .get(0)));
    }

    private static String token(UUID job, Instant expiry) {
        return CallbackTokenFactory.create(service.database(), job, expiry);
    }
}

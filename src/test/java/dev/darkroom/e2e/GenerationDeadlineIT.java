package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Deadline of a generation, in every state of the generation. */
@Execution(ExecutionMode.CONCURRENT)
class GenerationDeadlineIT {
    /** Long enough for a first attempt on a busy machine. */
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private InProcessSimulator inProcessSimulator;
    private DarkroomInstance darkroomInstance;
    private ApiClient client;

    @BeforeEach
    void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_GENERATION_DEADLINE", DEADLINE.toSeconds() + "s"));
        client = darkroomInstance.client();
    }

    @AfterEach
    void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    private static Duration lifetime(JsonObject generation) {
        return Duration.between(
                AttemptJson.parseTime(generation, "createdAt"), AttemptJson.parseTime(generation, "completedAt"));
    }

    private static void assertDeadlineExceeded(JsonObject generation, String failureClass) {
        assertThat(generation.getString("status")).isEqualTo("FAILED");
        JsonObject error = generation.getJsonObject("error");
        assertThat(error.getString("code")).isEqualTo("DEADLINE_EXCEEDED");
        assertThat(error.getString("errorClass")).isEqualTo(failureClass);
        assertThat(error.getBoolean("retryable")).isTrue();
    }

    @Test
    void failsAtOnceWhenRetryWouldMissDeadlineAndAtDeadlineWhenQueued() {
        // given an AI server that requests a delay beyond the deadline
        inProcessSimulator.script(new JsonObject().put("status", 429).put("retryAfter", 30));

        // when
        String first = client.create("retry in 30 s");
        JsonObject ended = client.awaitEnd(first);

        // then
        assertDeadlineExceeded(ended, "REJECTED_RETRYABLE");
        assertThat(lifetime(ended)).isLessThan(DEADLINE);
        assertThat(AttemptJson.attemptsOf(ended))
                .extracting(AttemptJson::summary)
                .containsExactly("RETRYABLE REJECTED_RETRYABLE RATE_LIMITED uncounted");
        assertThat(inProcessSimulator.recordedRequests(first)).hasSize(1);

        // when
        String second = client.create("queued");
        ended = client.awaitEnd(second);

        // then
        assertDeadlineExceeded(ended, "NOT_SENT");
        assertThat(lifetime(ended)).isGreaterThanOrEqualTo(DEADLINE);
        assertThat(ended.getInteger("failedAttempts")).isZero();
        assertThat(ended.getJsonArray("attempts")).isEmpty();
        assertThat(inProcessSimulator.recordedRequests(second)).isEmpty();
        assertThat(darkroomInstance.log(second))
                .anySatisfy(line -> assertThat(line).contains("generation failed", "code=DEADLINE_EXCEEDED"));
    }

    @Test
    void abortsRunningAttemptAtDeadline() {
        // given an attempt timeout of two minutes
        inProcessSimulator.script(new JsonObject().put("hang", true).put("times", -1));

        // when
        String id = client.create("too slow");
        JsonObject ended = client.awaitEnd(id);

        // then
        assertDeadlineExceeded(ended, "AMBIGUOUS");
        assertThat(lifetime(ended)).isGreaterThanOrEqualTo(DEADLINE.minusMillis(500));
        List<JsonObject> attempts = AttemptJson.attemptsOf(ended);
        assertThat(attempts).extracting(AttemptJson::summary).containsExactly("TIMEOUT AMBIGUOUS TIMED_OUT counted");
        assertThat(inProcessSimulator.recordedRequests(id)).hasSize(1);
    }
}

package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Sockets of an attempt close at its deadline. The other side of each connection records the time of the close. */
@Execution(ExecutionMode.CONCURRENT)
class AttemptDeadlineIT {
    /** Long enough for an unhindered attempt on a busy machine. */
    private static final Duration TIMEOUT = Duration.ofSeconds(8);

    /** The deadline counts from the statement that leases the generation, slightly before the start that the database records. */
    private static final Duration MAX_CLOCK_DIFFERENCE = Duration.ofMillis(250);

    @TempDir
    Path directory;

    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
    private DarkroomInstance darkroomInstance;
    private ApiClient client;

    @AfterEach
    void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    private void start(URI backend) {
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .with("DARKROOM_RETRY_MAX_ATTEMPTS", "1")
                        .with("DARKROOM_BACKEND_TIMEOUT", TIMEOUT.toMillis() + "ms")
                        .with("DARKROOM_BACKEND_CONNECT_TIMEOUT", "1m")
                        .with("DARKROOM_BACKEND_URL", backend.toString()));
        client = darkroomInstance.client();
    }

    /** The AI server would send forever, so only the deadline can close the sockets. */
    @Test
    void closesSubmissionSocketAtDeadline() {
        // given as many submissions as run concurrently, after one that prepares the statement; otherwise its
        // preparation
        // would shorten the attempts
        start(inProcessSimulator.url());
        client.awaitEnd(client.create("first"));
        List<String> faults = List.of(
                "{\"hang\": true}",
                "{\"slowBody\": true}",
                "{\"oversizedBody\": true, \"interval\": \"100ms\", \"bytes\": 50000000}",
                "{\"oversizedBody\": true, \"interval\": \"100ms\", \"chunked\": true}");

        // when
        List<JsonObject> all =
                generateConcurrently(faults.stream().map(JsonObject::new).toList());

        // then
        for (JsonObject ended : all) {
            assertThat(AttemptJson.attemptsOf(ended))
                    .extracting(AttemptJson::summary)
                    .containsExactly("TIMEOUT AMBIGUOUS TIMED_OUT counted");
            JsonObject submission = awaitClosed(ended).get(0);
            assertThat(AttemptJson.parseTime(submission, "closedAt"))
                    .isAfterOrEqualTo(deadline(ended).minus(MAX_CLOCK_DIFFERENCE));
        }
    }

    @Test
    void closesDownloadSocketsWhenTheirTimeShareEnds() {
        // given
        start(inProcessSimulator.url());
        List<String> faults = List.of(
                "{\"hang\": true, \"times\": -1}",
                "{\"slowBody\": true, \"times\": -1}",
                "{\"oversizedBody\": true, \"interval\": \"100ms\", \"chunked\": true, \"times\": -1}");

        // when
        List<JsonObject> all = generateConcurrently(faults.stream()
                .map(fault -> new JsonObject()
                        .put("urlResult", true)
                        .put("downloadFaults", new JsonArray().add(new JsonObject(fault))))
                .toList());

        // then
        for (JsonObject ended : all) {
            assertThat(AttemptJson.attemptsOf(ended))
                    .extracting(AttemptJson::summary)
                    .containsExactly("RETRYABLE RESULT_DOWNLOAD DOWNLOAD_FAILED counted");
            JsonArray downloads = awaitClosed(ended).get(0).getJsonArray("downloads");
            assertThat(downloads).hasSize(3);
            for (int i = 0; i < 3; i++) {
                // The remaining time is split among this download, its possible retries, and a reserve for the end.
                Instant requested = AttemptJson.parseTime(downloads.getJsonObject(i), "at");
                Instant closed = AttemptJson.parseTime(downloads.getJsonObject(i), "closedAt");
                Duration share = Duration.between(requested, deadline(ended)).dividedBy(4 - i);
                assertThat(closed).isAfterOrEqualTo(requested.plus(share).minus(MAX_CLOCK_DIFFERENCE));
            }
        }
    }

    /** Creates one generation per script step, concurrently, and returns them when they have ended. */
    private List<JsonObject> generateConcurrently(List<JsonObject> steps) {
        inProcessSimulator.script(steps.toArray(JsonObject[]::new));
        List<String> ids = steps.stream().map(step -> client.create("too slow")).toList();
        return ids.stream().map(client::awaitEnd).toList();
    }

    private static Instant deadline(JsonObject ended) {
        return AttemptJson.parseTime(AttemptJson.attemptsOf(ended).get(0), "startedAt")
                .plus(TIMEOUT);
    }

    @Test
    void closesTlsHandshakeSocketAtDeadline() {
        // given a server that never ends a handshake, with a connect timeout of one minute
        try (BrokenServer server = BrokenServer.neverResponding()) {
            start(server.url());

            // when
            String id = client.create("shake hands");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> server.firstClosedAt() != null);
            JsonObject attempt = Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(
                            () -> AttemptJson.attemptsOf(client.generation(id)).get(0),
                            first -> first.containsKey("finishedAt"));

            // then nothing was sent, so the failure is not ambiguous
            assertThat(AttemptJson.summary(attempt)).isEqualTo("RETRYABLE NOT_SENT CONNECT_TIMEOUT uncounted");
            Instant deadline = AttemptJson.parseTime(attempt, "startedAt").plus(TIMEOUT);
            assertThat(server.firstClosedAt()).isAfterOrEqualTo(deadline.minus(MAX_CLOCK_DIFFERENCE));
        }
    }

    /** Returns the submissions of a generation after the AI server has seen all their sockets close. */
    private List<JsonObject> awaitClosed(JsonObject generation) {
        return Awaitility.await("closed sockets")
                .atMost(Duration.ofSeconds(60))
                .until(
                        () -> inProcessSimulator.recordedRequests(generation.getString("id")),
                        AttemptDeadlineIT::allClosed);
    }

    private static boolean allClosed(List<JsonObject> submissions) {
        return submissions.stream()
                .flatMap(submission -> submission.getJsonArray("downloads").isEmpty()
                        ? List.of(submission).stream()
                        : submission.getJsonArray("downloads").stream().map(JsonObject.class::cast))
                .allMatch(request -> request.getString("closedAt") != null);
    }
}

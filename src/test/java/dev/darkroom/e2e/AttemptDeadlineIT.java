package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.DarkroomExtension;
import dev.darkroom.InProcessDarkroom;
import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** At the deadline of an attempt its sockets close, whatever is on them: the other side of each is asked when they did. */
class AttemptDeadlineIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final Duration AT_MOST_LATER = Duration.ofSeconds(1);
    /** An attempt's time runs from when it was claimed, which is a little before the database says that it started. */
    private static final Duration AT_MOST_EARLIER = Duration.ofMillis(250);

    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(settings());

    private static DarkroomSettings settings() {
        return DarkroomSettings.quick()
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "1")
                .with("DARKROOM_BACKEND_TIMEOUT", TIMEOUT.toMillis() + "ms");
    }

    /** The first time takes much longer than all others, and is not what is looked at here. */
    @BeforeAll
    static void warmUp() {
        service.client().awaitEnd(service.client().create("warm up"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"hang\": true}",
                "{\"drip\": true}",
                "{\"huge\": true, \"interval\": \"100ms\", \"bytes\": 50000000}",
                "{\"huge\": true, \"interval\": \"100ms\", \"chunked\": true}"
            })
    void theSocketOfASubmissionClosesAtTheDeadline(String step) {
        // given
        service.aiServer().script(new JsonObject(step));

        // when
        JsonObject ended = service.client().awaitEnd(service.client().create("too slow"));

        // then
        assertThat(Attempts.of(ended))
                .extracting(Attempts::told)
                .containsExactly("TIMEOUT AMBIGUOUS TIMED_OUT counted");
        Instant deadline = Attempts.time(Attempts.of(ended).get(0), "startedAt").plus(TIMEOUT);
        JsonObject submission = awaitClosed(ended).get(0);
        assertThat(Attempts.time(submission, "closedAt"))
                .isBetween(deadline.minus(AT_MOST_EARLIER), deadline.plus(AT_MOST_LATER));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"hang\": true, \"times\": -1}",
                "{\"drip\": true, \"times\": -1}",
                "{\"huge\": true, \"interval\": \"100ms\", \"chunked\": true, \"times\": -1}"
            })
    void theSocketsOfDownloadsCloseWhenTheirShareOfTheTimeIsOver(String fault) {
        // given
        service.aiServer()
                .script(new JsonObject()
                        .put("urlResult", true)
                        .put("pictureFaults", new JsonArray().add(new JsonObject(fault))));

        // when
        JsonObject ended = service.client().awaitEnd(service.client().create("too slow to fetch"));

        // then
        assertThat(Attempts.of(ended))
                .extracting(Attempts::told)
                .containsExactly("RETRYABLE RESULT_FETCH DOWNLOAD_FAILED counted");
        Instant deadline = Attempts.time(Attempts.of(ended).get(0), "startedAt").plus(TIMEOUT);
        JsonArray downloads = awaitClosed(ended).get(0).getJsonArray("downloads");
        assertThat(downloads).hasSize(3);
        for (int i = 0; i < 3; i++) {
            // It shares what is left with those that may follow, and with the end, for which a share is kept back.
            Instant asked = Attempts.time(downloads.getJsonObject(i), "at");
            Instant closed = Attempts.time(downloads.getJsonObject(i), "closedAt");
            Duration share = Duration.between(asked, deadline).dividedBy(4 - i);
            assertThat(closed).isBetween(asked, asked.plus(share).plus(AT_MOST_LATER));
        }
    }

    @Test
    void theSocketOfATlsHandshakeClosesAtTheDeadline(@TempDir Path directory) {
        // given a server that never ends a handshake, which may take five seconds
        try (BrokenServer server = BrokenServer.silent();
                Darkroom darkroom = InProcessDarkroom.start(
                        directory,
                        settings()
                                .database(TestPostgres.newDatabase())
                                .with("DARKROOM_BACKEND_CONNECT_TIMEOUT", "5s")
                                .with("DARKROOM_BACKEND_URL", server.url().toString()))) {
            // when
            String id = darkroom.client().create("shake hands");
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> server.firstClosedAt() != null);
            JsonObject attempt = Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(
                            () -> Attempts.of(darkroom.client().generation(id)).get(0),
                            first -> first.containsKey("finishedAt"));

            // then nothing was sent, so there is nothing that may have been done
            assertThat(Attempts.told(attempt)).isEqualTo("RETRYABLE NOT_SENT CONNECT_TIMEOUT uncounted");
            Instant deadline = Attempts.time(attempt, "startedAt").plus(TIMEOUT);
            assertThat(server.firstClosedAt()).isBetween(deadline.minus(AT_MOST_EARLIER), deadline.plus(AT_MOST_LATER));
        }
    }

    /** The submissions of a generation, once the AI server has seen each socket that was left on it close. */
    private static List<JsonObject> awaitClosed(JsonObject generation) {
        return Awaitility.await("closed sockets")
                .atMost(Duration.ofSeconds(10))
                .until(() -> service.aiServer().requests(generation.getString("id")), AttemptDeadlineIT::allClosed);
    }

    private static boolean allClosed(List<JsonObject> submissions) {
        return submissions.stream()
                .flatMap(submission -> submission.getJsonArray("downloads").isEmpty()
                        ? List.of(submission).stream()
                        : submission.getJsonArray("downloads").stream().map(JsonObject.class::cast))
                .allMatch(request -> request.getString("closedAt") != null);
    }
}

package dev.darkroom.simulator.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** JSON form and limits of the request log. */
class SimulatorRequestLogTest {
    private final SimulatorRequestLog log =
            new SimulatorRequestLog(Clock.fixed(Instant.parse("2026-03-01T10:00:00Z"), ZoneOffset.UTC));

    @Test
    void showsSubmissionWithZeroMilliseconds() {
        // when
        log.add("k1", true, Buffer.buffer("{\"prompt\":\"a\"}")).setResponse("image");

        // then
        assertThat(onlyEntry())
                .isEqualTo(new JsonObject()
                        .put("at", "2026-03-01T10:00:00.000Z")
                        .put("key", "k1")
                        .put("authorization", true)
                        .put("body", new JsonObject().put("prompt", "a"))
                        .put("response", "image")
                        .putNull("closedAt")
                        .put("downloads", new JsonArray()));
    }

    @Test
    void showsDownloadsOfSubmission() {
        // given
        SimulatorRequestLog.LoggedSubmission submission = log.add("k1", false, Buffer.buffer("{}"));

        // when
        submission.addDownload().setResponse("status 500");
        submission.addDownload().recordClientClose();

        // then
        assertThat(onlyEntry().getJsonArray("downloads"))
                .containsExactly(
                        new JsonObject()
                                .put("at", "2026-03-01T10:00:00.000Z")
                                .put("response", "status 500")
                                .putNull("closedAt"),
                        new JsonObject()
                                .put("at", "2026-03-01T10:00:00.000Z")
                                .putNull("response")
                                .put("closedAt", "2026-03-01T10:00:00.000Z"));
    }

    @Test
    void limitsDownloads() {
        // given
        SimulatorRequestLog.LoggedSubmission submission = log.add("k1", false, Buffer.buffer("{}"));

        // when
        for (int i = 0; i < SimulatorRequestLog.MAX_DOWNLOADS + 5; i++) {
            submission.addDownload();
        }

        // then
        assertThat(onlyEntry().getJsonArray("downloads")).hasSize(SimulatorRequestLog.MAX_DOWNLOADS);
    }

    @Test
    void showsNonJsonBodyAsText() {
        log.add(null, false, Buffer.buffer("hello"));
        assertThat(onlyEntry().getString("body")).isEqualTo("hello");
    }

    @Test
    void truncatesLargeBody() {
        log.add(null, false, Buffer.buffer("x".repeat(SimulatorRequestLog.MAX_BODY_BYTES + 1)));
        assertThat(onlyEntry().getString("body")).hasSize(SimulatorRequestLog.MAX_BODY_BYTES);
    }

    @Test
    void keepsLatestSubmissions() {
        // when
        for (int i = 0; i < SimulatorRequestLog.MAX_ENTRIES + 5; i++) {
            log.add("k" + i, false, Buffer.buffer());
        }

        // then
        JsonArray requests = log.toJson().getJsonArray("requests");
        assertThat(requests).hasSize(SimulatorRequestLog.MAX_ENTRIES);
        assertThat(requests.getJsonObject(0).getString("key")).isEqualTo("k5");
    }

    private JsonObject onlyEntry() {
        assertThat(log.toJson().getJsonArray("requests")).hasSize(1);
        return log.toJson().getJsonArray("requests").getJsonObject(0);
    }
}

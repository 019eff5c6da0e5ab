package dev.darkroom.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class RequestLogTest {
    private final RequestLog log = new RequestLog(Clock.fixed(Instant.parse("2026-03-01T10:00:00Z"), ZoneOffset.UTC));

    @Test
    void aSubmissionIsShownWithMillisecondsEvenWhenTheyAreZero() {
        // when
        log.add("k1", true, Buffer.buffer("{\"prompt\":\"a\"}")).answeredWith("picture");

        // then
        assertThat(only())
                .isEqualTo(new JsonObject()
                        .put("at", "2026-03-01T10:00:00.000Z")
                        .put("key", "k1")
                        .put("authorization", true)
                        .put("body", new JsonObject().put("prompt", "a"))
                        .put("answer", "picture")
                        .putNull("closedAt")
                        .put("downloads", new JsonArray()));
    }

    @Test
    void downloadsStandBesideTheSubmissionThatAnnouncedTheirPicture() {
        // given
        RequestLog.Submitted submitted = log.add("k1", false, Buffer.buffer("{}"));

        // when
        submitted.download().answeredWith("status 500");
        submitted.download().closedByClient();

        // then
        assertThat(only().getJsonArray("downloads"))
                .containsExactly(
                        new JsonObject()
                                .put("at", "2026-03-01T10:00:00.000Z")
                                .put("answer", "status 500")
                                .putNull("closedAt"),
                        new JsonObject()
                                .put("at", "2026-03-01T10:00:00.000Z")
                                .putNull("answer")
                                .put("closedAt", "2026-03-01T10:00:00.000Z"));
    }

    @Test
    void notEveryDownloadIsKept() {
        // given
        RequestLog.Submitted submitted = log.add("k1", false, Buffer.buffer("{}"));

        // when
        for (int i = 0; i < RequestLog.MOST_DOWNLOADS + 5; i++) {
            submitted.download();
        }

        // then
        assertThat(only().getJsonArray("downloads")).hasSize(RequestLog.MOST_DOWNLOADS);
    }

    @Test
    void aBodyThatIsNoJsonIsShownAsText() {
        log.add(null, false, Buffer.buffer("hello"));
        assertThat(only().getString("body")).isEqualTo("hello");
    }

    @Test
    void aLargeBodyIsCut() {
        log.add(null, false, Buffer.buffer("x".repeat(20_000)));
        assertThat(only().getString("body")).hasSize(RequestLog.LONGEST_BODY);
    }

    @Test
    void onlyTheLatestAreKept() {
        // when
        for (int i = 0; i < RequestLog.MOST + 5; i++) {
            log.add("k" + i, false, Buffer.buffer());
        }

        // then
        JsonArray requests = log.toJson().getJsonArray("requests");
        assertThat(requests).hasSize(RequestLog.MOST);
        assertThat(requests.getJsonObject(0).getString("key")).isEqualTo("k5");
    }

    private JsonObject only() {
        assertThat(log.toJson().getJsonArray("requests")).hasSize(1);
        return log.toJson().getJsonArray("requests").getJsonObject(0);
    }
}

package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.HeaderRecordingAiServer;
import dev.darkroom.testing.HeaderRecordingAiServer.Mode;
import dev.darkroom.testing.SpanReceiver;
import dev.darkroom.testing.SpanReceiver.ReceivedSpan;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process with {@code kill -9} during an attempt. The trace goes on in another process, which also records the lost attempt. */
@Tag("chaos")
@Tag("database")
@Timeout(180)
class TraceAfterKillIT {
    private static final String TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

    @TempDir
    Path directory;

    @AutoClose
    private final SpanReceiver receiver = new SpanReceiver();

    @AutoClose
    private final HeaderRecordingAiServer aiServer = new HeaderRecordingAiServer();

    private DarkroomInstanceProcess start(Map<String, String> environment) {
        return DarkroomInstanceProcess.start(directory, environment, "-Xmx256m");
    }

    private List<ReceivedSpan> await(String name, int count) {
        return receiver.awaitTrace(TRACE_ID, spans -> named(spans, name).size() >= count).stream()
                .filter(span -> span.name().equals(name))
                .toList();
    }

    private static List<ReceivedSpan> named(List<ReceivedSpan> spans, String name) {
        return spans.stream().filter(span -> span.name().equals(name)).toList();
    }

    @Test
    void otherProcessContinuesTheTrace() {
        // given a process that waits for the AI server
        Map<String, String> environment = DarkroomInstanceSettings.forTests()
                .smallProcess()
                .shortLeases()
                .database(TestPostgres.newDatabase())
                .with("DARKROOM_BACKEND_URL", aiServer.set(Mode.HANG).url())
                .with("DARKROOM_TRACING_ENDPOINT", receiver.endpoint().toString())
                .environment();
        String id;
        String killedNode;
        try (DarkroomInstanceProcess killed = start(environment)) {
            JsonObject request = new JsonObject().put("prompt", "a pier");
            id = killed.client()
                    .post(request.encode(), Map.of("traceparent", "00-" + TRACE_ID + "-b7ad6b7169203331-01"))
                    .json()
                    .getString("id");
            Awaitility.await("call of the AI server")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !aiServer.requests().isEmpty());
            await("POST /api/generation", 1);
            killedNode = DarkroomFleet.nodeIds(killed).get(0);

            // when
            killed.kill();
        }
        aiServer.set(Mode.SUCCEED);
        try (DarkroomInstanceProcess survivor = start(environment)) {
            assertThat(survivor.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        }

        // then
        List<ReceivedSpan> attempts = await("generation attempt", 2);
        assertThat(attempts)
                .extracting(span -> span.attribute("darkroom.attempt.outcome"))
                .containsExactly("LOST", "SUCCEEDED");
        assertThat(attempts.get(0).attribute("darkroom.node.id")).isEqualTo(killedNode);
        assertThat(attempts.get(0).attribute("error.type")).isEqualTo("NODE_LOST");
        assertThat(attempts.get(0).startNanos()).isLessThan(attempts.get(1).startNanos());
        String survivorInstance = attempts.get(1).instance();
        assertThat(await("POST /api/generation", 1).get(0).instance()).isNotEqualTo(survivorInstance);
        assertThat(await("generation wait", 1).get(0).instance()).isEqualTo(survivorInstance);
    }
}

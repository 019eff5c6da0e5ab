package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.HeaderRecordingAiServer;
import dev.darkroom.testing.HeaderRecordingAiServer.Mode;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.SpanReceiver;
import dev.darkroom.testing.SpanReceiver.ReceivedSpan;
import dev.darkroom.testing.WebhookReceiver;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("Traces")
class TracingIT {
    private static final String TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
    private static final String CALLER = "00-" + TRACE_ID + "-b7ad6b7169203331-01";
    private static final List<String> ATTRIBUTES = Arrays.stream(SpanAttribute.values())
            .map(SpanAttribute::attributeName)
            .toList();
    private static final String PROMPT = "a lighthouse that no span mentions";

    @TempDir
    private Path directory;

    private final SpanReceiver receiver = new SpanReceiver();
    private final HeaderRecordingAiServer aiServer = new HeaderRecordingAiServer();
    private final WebhookReceiver webhooks = new WebhookReceiver();
    private InProcessFleet fleet;

    @BeforeEach
    void createFleet() {
        fleet = new InProcessFleet(directory);
    }

    @AfterEach
    void close() {
        fleet.close();
        webhooks.close();
        aiServer.close();
        receiver.close();
    }

    private DarkroomInstanceSettings settings() {
        return fleet.settings(2)
                .with("DARKROOM_BACKEND_URL", aiServer.url())
                .with("DARKROOM_BACKEND_NAME", "studio")
                .with("DARKROOM_TRACING_ENDPOINT", receiver.endpoint().toString())
                .with("DARKROOM_TRACING_HEADERS", "Authorization=Bearer abc")
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "100")
                .webhooksOnLoopback();
    }

    private JsonObject create(ApiClient client, Map<String, String> headers) {
        JsonObject request = new JsonObject().put("prompt", PROMPT).put("webhookUrl", webhooks.url("/hook"));
        ApiClient.ApiResponse response = client.post(request.encode(), headers);
        assertThat(response.status()).as(response.text()).isEqualTo(202);
        return response.json();
    }

    private static List<ReceivedSpan> named(List<ReceivedSpan> spans, String name) {
        return spans.stream().filter(span -> span.name().equals(name)).toList();
    }

    @Test
    @DisplayName("One trace has the attempts of two nodes, the AI server and the webhook")
    void oneTraceAcrossNodes() {
        // given a generation with failed attempts on the first node, which then stops
        aiServer.set(Mode.FAIL);
        DarkroomInstance first = fleet.start("first", settings());
        String id = create(first.client(), Map.of("traceparent", CALLER, "tracestate", "vendor=1"))
                .getString("id");
        receiver.awaitTrace(
                TRACE_ID, spans -> !named(spans, "generation attempt").isEmpty());
        first.close();
        int attemptsOnFirst =
                named(receiver.trace(TRACE_ID), "generation attempt").size();

        // when another node makes the next attempt
        aiServer.set(Mode.SUCCEED);
        DarkroomInstance second = fleet.start("second", settings());
        assertThat(second.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        List<ReceivedSpan> trace = receiver.awaitTrace(
                TRACE_ID, spans -> !named(spans, "delivery attempt").isEmpty());

        // then all spans belong to the trace of the caller
        ReceivedSpan request = named(trace, "POST /api/generation").get(0);
        assertThat(request.parentId()).isEqualTo("b7ad6b7169203331");
        ReceivedSpan submit = named(trace, "generation submit").get(0);
        List<ReceivedSpan> attempts = named(trace, "generation attempt");
        assertThat(attempts)
                .hasSizeGreaterThan(attemptsOnFirst)
                .allSatisfy(attempt -> assertThat(attempt.parentId()).isEqualTo(submit.id()));
        ReceivedSpan failed = attempts.get(0);
        ReceivedSpan succeeded = attempts.get(attempts.size() - 1);
        assertThat(failed.failed()).isTrue();
        assertThat(failed.attribute("error.type")).isEqualTo("SERVER_ERROR");
        assertThat(succeeded.failed()).isFalse();
        assertThat(succeeded.instance()).isNotEqualTo(failed.instance());
        assertThat(named(trace, "generation wait"))
                .anyMatch(wait -> wait.instance().equals(succeeded.instance())
                        && wait.parentId().equals(submit.id()));

        // and the AI server and the receiver of the webhook got its context
        ReceivedSpan call = childOf(trace, succeeded, "backend call");
        ReceivedSpan http = childOf(trace, call, "POST");
        assertThat(http.attribute("http.response.status_code")).isEqualTo("200");
        assertThat(aiServer.requests().get(aiServer.requests().size() - 1))
                .containsEntry("traceparent", "00-" + TRACE_ID + "-" + http.id() + "-01")
                .containsEntry("tracestate", "vendor=1");
        ReceivedSpan delivery = named(trace, "delivery attempt").get(0);
        assertThat(webhooks.receivedRequests("/hook").get(0).headers())
                .containsEntry(
                        "traceparent",
                        "00-" + TRACE_ID + "-"
                                + childOf(trace, delivery, "POST").id() + "-01");
        assertThat(trace)
                .extracting(ReceivedSpan::name)
                .contains("image store", "outcome commit", "notification create");
        // and every attribute is documented
        assertThat(trace).flatExtracting(span -> span.attributes().keySet()).isSubsetOf(ATTRIBUTES);
        assertThat(receiver.authorizations()).containsOnly("Bearer abc");
        // and no span contains the prompt
        assertThat(receiver.spans().toString()).doesNotContain("lighthouse").doesNotContain("/hook");
        // and the log lines have the ids of the spans
        assertThat(second.log(id))
                .anyMatch(line -> line.contains("attempt succeeded")
                        && line.contains("traceId=" + TRACE_ID + " spanId=" + succeeded.id()));
    }

    @Test
    @DisplayName("A trace that is not sampled reaches the AI server and the webhook, without spans")
    void unsampledTracePropagates() {
        // given
        DarkroomInstance darkroom = fleet.start("first", settings());
        String caller = "00-" + TRACE_ID + "-b7ad6b7169203331-00";

        // when
        create(darkroom.client(), Map.of("traceparent", caller));
        Awaitility.await("webhook")
                .atMost(Duration.ofSeconds(60))
                .until(() -> !webhooks.receivedRequests("/hook").isEmpty());
        darkroom.close();

        // then
        assertThat(aiServer.requests().get(0).get("traceparent")).matches("00-" + TRACE_ID + "-[0-9a-f]{16}-00");
        assertThat(webhooks.receivedRequests("/hook").get(0).headers().get("traceparent"))
                .matches("00-" + TRACE_ID + "-[0-9a-f]{16}-00");
        assertThat(receiver.spans()).isEmpty();
    }

    @Test
    @DisplayName("Polls are counted and have no spans")
    void pollsAreCounted() {
        // given an AI server with jobs
        DarkroomInstance darkroom = fleet.start(
                "first",
                settings()
                        .with("DARKROOM_BACKEND_TYPE", "sd_server")
                        .with(
                                "DARKROOM_BACKEND_URL",
                                fleet.simulator().url().resolve("/").toString())
                        .with("DARKROOM_BACKEND_POLL_INTERVAL", "50ms"));

        // when
        create(darkroom.client(), Map.of("traceparent", CALLER));
        List<ReceivedSpan> trace = receiver.awaitTrace(
                TRACE_ID, spans -> !named(spans, "generation attempt").isEmpty());

        // then
        ReceivedSpan call = named(trace, "backend call").get(0);
        assertThat(Integer.parseInt(call.attribute("darkroom.backend.polls"))).isPositive();
        assertThat(trace)
                .filteredOn(span -> span.parentId().equals(call.id()))
                .singleElement()
                .extracting(ReceivedSpan::name)
                .isEqualTo("POST");
    }

    @Test
    @DisplayName("A request that its client aborts has a failed span, and its generation goes on in the trace")
    void abortedRequestHasSpan() throws Exception {
        // given an AI server that does not respond yet
        aiServer.set(Mode.HANG);
        DarkroomInstance darkroom = fleet.start("first", settings());
        byte[] body = new JsonObject().put("prompt", PROMPT).encode().getBytes(StandardCharsets.UTF_8);

        // when a client closes its connection while it waits
        try (Socket socket = new Socket("127.0.0.1", darkroom.api().getPort())) {
            socket.getOutputStream()
                    .write(("POST /api/generation HTTP/1.1\r\nHost: localhost\r\nPrefer: wait=30\r\ntraceparent: "
                                    + CALLER + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                                    + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            Awaitility.await("call of the AI server")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !aiServer.requests().isEmpty());
        }

        // then
        List<ReceivedSpan> trace = receiver.awaitTrace(
                TRACE_ID, spans -> !named(spans, "POST /api/generation").isEmpty());
        assertThat(named(trace, "POST /api/generation").get(0).attribute("error.type"))
                .isEqualTo("connection_closed");
    }

    private static ReceivedSpan childOf(List<ReceivedSpan> trace, ReceivedSpan parent, String name) {
        return named(trace, name).stream()
                .filter(span -> span.parentId().equals(parent.id()))
                .findFirst()
                .orElseThrow();
    }
}

package dev.darkroom.simulator.sdserver;

import static dev.darkroom.testing.RecordedExchanges.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RecordedExchanges;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Compares responses of the simulator with those in the documentation and the source of sd-server, field by field. */
class SdServerSimulatorTest {
    private static final RecordedExchanges QUOTED = RecordedExchanges.load("sd-server");
    private static final String SUBMIT = "/sdcpp/v1/img_gen";
    private static final JsonObject REQUEST =
            new JsonObject().put("prompt", "a cat").put("width", 64).put("height", 64);

    private final HttpClient client = HttpClient.newHttpClient();
    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        simulator = new InProcessSimulator(Duration.ZERO);
    }

    @AfterEach
    void stop() {
        simulator.close();
    }

    private HttpResponse<String> send(String method, String path, JsonObject body) {
        return client.sendAsync(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + simulator.port() + path))
                                .method(
                                        method,
                                        body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.encode()))
                                .build(),
                        BodyHandlers.ofString())
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    private String submit() {
        HttpResponse<String> response = send("POST", SUBMIT, REQUEST);
        assertSameFields(response, "submitted");
        return new JsonObject(response.body()).getString("poll_url");
    }

    private static void assertSameFields(HttpResponse<String> response, String name) {
        assertThat(response.statusCode()).as(name).isEqualTo(QUOTED.status(name));
        assertThat(shape(new JsonObject(response.body()))).as(name).isEqualTo(shape(QUOTED.response(name)));
    }

    private static void assertSame(HttpResponse<String> response, String name) {
        assertThat(response.statusCode()).as(name).isEqualTo(QUOTED.status(name));
        assertThat(new JsonObject(response.body())).as(name).isEqualTo(QUOTED.response(name));
    }

    private String awaitEnd(String job) {
        await().until(() -> new JsonObject(send("GET", job, null).body()).getValue("completed") != null);
        return new JsonObject(send("GET", job, null).body()).getString("status");
    }

    @Test
    void completedAndFailedJobsHaveTheDocumentedFields() {
        // given
        simulator.script(new JsonObject().put("ok", true), new JsonObject().put("failedJob", "out of memory"));
        String completed = submit();
        String failed = submit();

        // then
        assertThat(awaitEnd(completed)).isEqualTo("completed");
        assertSameFields(send("GET", completed, null), "completed");
        assertThat(awaitEnd(failed)).isEqualTo("failed");
        assertSameFields(send("GET", failed, null), "failed");
    }

    @Test
    void cancelsAWaitingJobOnly() {
        // given
        simulator.script(new JsonObject().put("delay", "10m"));
        String running = submit();
        String waiting = submit();
        assertSameFields(send("GET", waiting, null), "queued");
        assertThat(new JsonObject(send("GET", waiting, null).body()).getInteger("queue_position"))
                .isEqualTo(1);

        // then
        assertSame(send("POST", running + "/cancel", null), "cancel while generating");
        assertSameFields(send("POST", waiting + "/cancel", null), "cancelled");
        assertSame(send("GET", "/sdcpp/v1/jobs/job_1_1", null), "unknown job");
        assertSame(send("POST", "/sdcpp/v1/jobs/job_1_1/cancel", null), "unknown job");
    }

    @Test
    void rejectsInvalidParametersAndAFullQueue() {
        assertSame(send("POST", SUBMIT, new JsonObject().put("prompt", 1)), "invalid");
        assertSame(send("POST", SUBMIT, REQUEST.copy().put("width", 1)), "invalid");
        simulator.script(new JsonObject().put("delay", "10m"));
        for (int i = 0; i < SdServerJobQueue.MAX_PENDING; i++) {
            submit();
        }
        assertSame(send("POST", SUBMIT, REQUEST), "queue full");
    }
}

package dev.darkroom.simulator.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The callback protocol of the simulator over real sockets. */
class CallbackSimulatorTest {
    private final HttpClient http = HttpClient.newHttpClient();
    private final Queue<JsonObject> reports = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> statuses = new ConcurrentLinkedQueue<>();
    private Vertx vertx;
    private HttpServer receiver;
    private InProcessSimulator simulator;

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        simulator = new InProcessSimulator(Duration.ZERO);
        receiver = get(vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    reports.add(new JsonObject(body));
                    Integer status = statuses.poll();
                    request.response()
                            .setStatusCode(status == null ? 204 : status)
                            .end();
                }))
                .listen(0, "127.0.0.1"));
    }

    @AfterEach
    void stop() {
        simulator.close();
        get(vertx.close());
    }

    @Test
    void acceptsTheJobAndReportsItsImages() throws Exception {
        // when
        HttpResponse<String> response = post(job().put("count", 2));

        // then
        assertThat(response.statusCode()).isEqualTo(202);
        assertThat(new JsonObject(response.body()).getString("id")).isEqualTo("sim-job-1");
        await().atMost(60, TimeUnit.SECONDS).until(() -> reports.size() == 1);
        assertThat(reports.peek().getString("status")).isEqualTo("succeeded");
        assertThat(reports.peek().getJsonArray("images"))
                .hasSize(2)
                .allSatisfy(image -> assertThat((String) image).startsWith("data:image/png;base64,"));
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> simulator.recordedRequests().get(0).getInteger("callbackStatus") == 204);
    }

    @Test
    void repeatsAReportThatWasNotStored() throws Exception {
        // given
        statuses.add(503);
        statuses.add(429);

        // when
        post(job());

        // then
        await().atMost(60, TimeUnit.SECONDS).until(() -> reports.size() == 3);
        assertThat(reports.stream().distinct()).hasSize(1);
    }

    @Test
    void reportsNothingForARejectedJob() throws Exception {
        // given
        simulator.script(new JsonObject().put("status", 503));

        // when
        assertThat(post(job()).statusCode()).isEqualTo(503);
        post(job().put("id", "job-2"));

        // then only the second job has a result
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> simulator.recordedRequests().get(1).getInteger("callbackStatus") != null);
        assertThat(reports).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"version, 2", "count, 0", "width, 5", "seed, -1", "prompt, ''", "callbackUrl, ''", "id, ''"})
    void rejectsInvalidJobs(String field, String value) throws Exception {
        // given
        boolean number = value.matches("-?\\d+");

        // when
        HttpResponse<String> response =
                post(number ? job().put(field, Integer.parseInt(value)) : job().put(field, value));

        // then
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(new JsonObject(response.body()).getJsonObject("error").getString("param"))
                .isEqualTo(field);
    }

    private JsonObject job() {
        return new JsonObject()
                .put("version", 1)
                .put("id", "job-1")
                .put("prompt", "a fox")
                .put("width", 64)
                .put("height", 64)
                .put("count", 1)
                .put("seed", 7)
                .put("callbackUrl", "http://127.0.0.1:" + receiver.actualPort() + "/report");
    }

    private HttpResponse<String> post(JsonObject job) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + simulator.port() + "/callback/jobs"))
                .POST(BodyPublishers.ofString(job.encode()))
                .build();
        return http.send(request, BodyHandlers.ofString());
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}

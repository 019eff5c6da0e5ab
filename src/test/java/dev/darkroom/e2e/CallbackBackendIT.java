package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process with an AI server that reports its results to callback URLs. */
@Tag("database")
@Timeout(300)
class CallbackBackendIT {
    private static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    @Test
    void completesAGenerationWithTheSimulator(@TempDir Path directory) throws Exception {
        try (InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomInstance process = InProcessDarkroom.start(
                        directory, settings(TestPostgres.migratedDatabase(), simulator.port(), FreePort.find()))) {
            // when
            String id = process.client().create("A lighthouse");

            // then
            assertThat(process.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            await().atMost(60, TimeUnit.SECONDS)
                    .until(() -> simulator.recordedRequests().get(0).getInteger("callbackStatus") == 204);
        }
    }

    @Test
    void anotherNodeReceivesTheResult(@TempDir Path directory) throws Exception {
        // given a node that works and a node that receives, on the same database
        DatabaseUrl database = TestPostgres.migratedDatabase();
        int receiverPort = FreePort.find();
        try (InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomInstance receiver = InProcessDarkroom.start(
                        directory,
                        settings(database, simulator.port(), receiverPort)
                                .with("DARKROOM_NODE_ROLES", "api, notifier"));
                DarkroomInstance worker = InProcessDarkroom.start(
                        directory,
                        settings(database, simulator.port(), 0)
                                .with("DARKROOM_PUBLIC_URL", "http://127.0.0.1:" + receiverPort))) {
            // when
            String id = worker.client().create("A lighthouse");

            // then
            assertThat(worker.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            assertThat(receiver.client().generation(id).getString("status")).isEqualTo("COMPLETE");
            assertThat(simulator.recordedRequests().get(0).getJsonObject("body").getString("callbackUrl"))
                    .startsWith(receiver.api().toString());
        }
    }

    /** The result arrives after the restart. */
    @Test
    void nextOwnerWaitsForTheResultAfterKill(@TempDir Path directory) throws Exception {
        // given an AI server that has accepted a job
        Queue<JsonObject> jobs = new ConcurrentLinkedQueue<>();
        Vertx vertx = Vertx.vertx();
        HttpServer server = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    jobs.add(new JsonObject(body));
                    request.response().setStatusCode(202).end();
                }))
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
        DatabaseUrl database = TestPostgres.migratedDatabase();
        DarkroomInstanceSettings settings = settings(database, server.actualPort(), FreePort.find());
        String id;
        try (DarkroomInstanceProcess killed = DarkroomInstanceProcess.start(directory, settings.environment())) {
            id = killed.client().create("A lighthouse");
            await().atMost(60, TimeUnit.SECONDS).until(() -> jobs.size() == 1);

            // when
            killed.kill();
        }
        // Expires the lease of the killed process at once instead of after 15 s.
        TestPostgres.execute(database, "UPDATE nodes SET expires_at = now() - interval '1 second'");

        // then the next process accepts the result and submits nothing
        try (DarkroomInstanceProcess restarted = DarkroomInstanceProcess.start(directory, settings.environment())) {
            assertThat(report(jobs.peek().getString("callbackUrl"))).isEqualTo(204);
            assertThat(restarted.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            assertThat(jobs).hasSize(1);
        } finally {
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }

    private static int report(String callbackUrl) throws IOException, InterruptedException {
        JsonObject report = new JsonObject()
                .put("status", "succeeded")
                .put("images", new JsonArray().add("data:image/png;base64," + PNG));
        HttpRequest request = HttpRequest.newBuilder(URI.create(callbackUrl))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(report.encode()))
                .build();
        return HttpClient.newHttpClient()
                .send(request, BodyHandlers.discarding())
                .statusCode();
    }

    private static DarkroomInstanceSettings settings(DatabaseUrl database, int serverPort, int apiPort) {
        return DarkroomInstanceSettings.forTests()
                .smallProcess()
                .database(database)
                .with("DARKROOM_HTTP_PORT", String.valueOf(apiPort))
                .with("DARKROOM_BACKEND_TYPE", "callback")
                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + serverPort + "/callback/jobs");
    }
}

package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills the process that has the connection of a call of the OpenAI API, while another process runs the attempt. */
@Tag("chaos")
@Timeout(300)
class RetryAfterKillIT {
    private static final String BODY = "{\"prompt\":\"a pier\",\"size\":\"64x64\"}";

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();

    private DarkroomInstanceSettings settings(int backendPort, int workers) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString())
                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + backendPort + "/v1")
                .workerConcurrency(workers)
                .with("DARKROOM_NODE_TTL", "5s")
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "1s");
    }

    private Path newDirectory(String name) throws IOException {
        return Files.createDirectory(directory.resolve(name));
    }

    private static RawHttpClient send(URI api, int retryCount) {
        return new RawHttpClient(api)
                .send(RawHttpClient.utf8Bytes("POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\n"
                        + "Content-Type: application/json\r\nx-stainless-retry-count: " + retryCount
                        + "\r\nContent-Length: "
                        + BODY.length() + "\r\n\r\n" + BODY));
    }

    private void awaitRow(String condition) {
        await().until(
                        () -> TestPostgres.query(database, "SELECT count(*) FROM waiting_requests WHERE " + condition),
                        List.of("1")::equals);
    }

    @Test
    @DisplayName("a retry in another process waits until the lease of the killed process expires, and attaches")
    void retryAttachesAfterAKill() throws Exception {
        try (InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(5));
                TcpProxy proxy = new TcpProxy("127.0.0.1", simulator.port());
                DarkroomInstance survivor =
                        InProcessDarkroom.start(newDirectory("survivor"), settings(proxy.port(), 4));
                DarkroomInstanceProcess victim = DarkroomInstanceProcess.start(
                        newDirectory("victim"), settings(proxy.port(), 0).environment())) {
            // given
            proxy.blackhole();
            try (RawHttpClient call = send(victim.api(), 0)) {
                awaitRow("retry_count = 0");

                // when
                victim.kill();
                assertThat(call.isClosed()).isTrue();
            }

            // then
            try (RawHttpClient retry = send(survivor.api(), 1)) {
                awaitRow("retry_count = 1 AND disconnected_at IS NULL");
                proxy.resumeForwarding();
                ApiResponse response = retry.readResponse();
                assertThat(response.status()).as(response.text()).isEqualTo(200);
            }
            assertThat(simulator.recordedRequests()).hasSize(1);
            assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations"))
                    .containsExactly("1");
        }
    }
}

package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies with images of the OpenAI API that cannot be sent completely. */
class OpenAiImageBodyIT {
    @RegisterExtension
    static final DarkroomExtension service = DarkroomExtension.shared();

    private static byte[] body(boolean stream, String size) {
        return new JsonObject()
                .put("prompt", "A pier")
                .put("size", size)
                .put("stream", stream)
                .encode()
                .getBytes(StandardCharsets.UTF_8);
    }

    private static ApiResponse post(String key, boolean stream) {
        return service.client()
                .send(
                        "POST",
                        "/v1/images/generations",
                        Map.of("Content-Type", "application/json", "Idempotency-Key", key),
                        body(stream, "64x64"));
    }

    private static void deleteImages(String generationId) throws IOException {
        List<String> ids = service.client().generation(generationId).getJsonArray("images").stream()
                .map(image -> ((JsonObject) image).getString("url").replaceFirst(".*/images/([^.]+).*", "$1"))
                .toList();
        try (Stream<Path> files = Files.walk(service.directory().resolve("data").resolve("images"))) {
            for (Path file : files.filter(
                            path -> ids.stream().anyMatch(path.getFileName().toString()::startsWith))
                    .toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void returnsAnErrorWhenTheFirstImageIsMissing() throws Exception {
        // given
        deleteImages(post("missing", false).header("Darkroom-Generation-Id"));

        // when
        ApiResponse response = post("missing", false);

        // then
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.header("X-Should-Retry")).isEqualTo("false");
        assertThat(response.json().getJsonObject("error").getString("code")).isEqualTo("internal_error");
    }

    @Test
    void endsTheStreamWithAnErrorWhenTheFirstImageIsMissing() throws Exception {
        // given
        deleteImages(post("missing in stream", true).header("Darkroom-Generation-Id"));

        // then
        assertThat(post("missing in stream", true).text())
                .contains("event: error", "internal_error")
                .doesNotContain("b64_json");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void logsNoErrorWhenClientsResetTheConnection(boolean stream) throws Exception {
        // when the client does not read the rest of the body
        String requestId = "reset-" + stream;
        readHeadAndReset(stream, requestId);

        // then
        Awaitility.await("the connection is reported as broken")
                .atMost(Duration.ofSeconds(60))
                .until(() -> service.darkroom().log().stream()
                        .anyMatch(line -> line.contains("request disconnected") && line.contains(requestId)));
        Awaitility.await("no error is logged")
                .during(Duration.ofMillis(500))
                .atMost(Duration.ofSeconds(60))
                .until(() -> service.darkroom().log().stream()
                        .noneMatch(line -> line.contains("unhandled exception")
                                || (line.startsWith("ERROR") && line.contains(requestId))));
    }

    private static void readHeadAndReset(boolean stream, String requestId) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(4096);
            // Closing sends a reset.
            socket.setSoLinger(true, 0);
            socket.connect(new InetSocketAddress(
                    service.client().base().getHost(), service.client().base().getPort()));
            // 1.4 MB. The buffers of the connection hold half a megabyte.
            byte[] body = body(stream, "2048x2048");
            String head = "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: " + requestId
                    + "\r\nAuthorization: " + service.user().authorization()
                    + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(body);
            InputStream in = socket.getInputStream();
            // More than a head and a comment of the stream.
            assertThat(in.readNBytes(20_000)).hasSize(20_000);
            AtomicInteger received = new AtomicInteger();
            Awaitility.await("the buffers are full, so the service waits to send the next block")
                    .pollInterval(Duration.ofMillis(100))
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> {
                        int now = in.available();
                        return received.getAndSet(now) == now && now > 0;
                    });
        }
    }
}

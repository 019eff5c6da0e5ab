package dev.darkroom.api.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Bodies within their limit of size that do not fit into the memory. */
class RequestBodyMemoryTest {
    private static final RequestBodyLimits LIMITS = new RequestBodyLimits(Integer.MAX_VALUE, Duration.ofSeconds(60));

    private final RequestBodyMemory memory = new RequestBodyMemory();

    @Test
    void bodyThatFitsLaterIsUnavailable() {
        // given
        RequestBodyMemory other = new RequestBodyMemory();
        other.resize(RequestBodyMemory.CAPACITY);
        try {
            // when, then
            assertThat(statusOf(20_000)).isEqualTo(503);
        } finally {
            other.release();
        }
        memory.resize(20_000);
        memory.release();
    }

    @Test
    void bodyThatNeverFitsIsTooLarge() {
        assertThat(statusOf(RequestBodyMemory.CAPACITY + 1)).isEqualTo(413);
    }

    private int statusOf(long bytes) {
        return assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> memory.resize(bytes))
                .actual()
                .status();
    }

    @Test
    void declaredLengthThatNeverFitsIsRejectedBeforeTheBody() throws Exception {
        // given
        Vertx vertx = Vertx.vertx();
        try {
            HttpServer server = vertx.createHttpServer()
                    .requestHandler(request -> RequestBodyReader.read(vertx, request, LIMITS)
                            .onFailure(failure -> request.response()
                                    .setStatusCode(((Problem) failure).status())
                                    .end(failure.getMessage())))
                    .listen(0, "127.0.0.1")
                    .await(60, TimeUnit.SECONDS);

            // when
            try (Socket socket = new Socket("127.0.0.1", server.actualPort())) {
                socket.setSoTimeout(60_000);
                socket.getOutputStream()
                        .write(("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                                        + (RequestBodyMemory.CAPACITY + 1) + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                byte[] response = new byte[12];
                socket.getInputStream().readNBytes(response, 0, response.length);

                // then
                assertThat(new String(response, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
            }
        } finally {
            vertx.close().await(60, TimeUnit.SECONDS);
        }
    }
}

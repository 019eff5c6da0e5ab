package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.testing.FreePort;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Connection failures, deadlines and aborts of calls. */
class OpenAiConnectionTest extends OpenAiBackendFixture {
    @Test
    void connectionLossAfterTheRequestIsAmbiguous() {
        server.script(GENERATIONS, server.dropConnection());
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void connectionLossInsideTheBodyIsAmbiguous() {
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\":["));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "CONNECTION_LOST");
    }

    @Test
    void invalidHttpIsAmbiguous() {
        server.script(GENERATIONS, server.sendRaw("\u0001\u0002 what is this\r\n\r\n"));
        assertFailed(generate(request(1)), FailureClass.AMBIGUOUS, "INVALID_HTTP");
    }

    @Test
    void refusedConnectionIsNotSent() throws Exception {
        // given
        int port = FreePort.find();

        // then
        assertUnsent("http://127.0.0.1:" + port + "/v1", "CONNECTION_REFUSED");
    }

    @Test
    void unknownHostIsNotSent() throws Exception {
        assertUnsent("http://no-such-host.invalid/v1", "UNKNOWN_HOST");
    }

    @Test
    void failedTlsHandshakeIsNotSent() throws Exception {
        // given
        var plain = get(vertx.createNetServer()
                .connectHandler(
                        socket -> socket.handler(hello -> socket.end(Buffer.buffer("HTTP/1.1 400 Bad\r\n\r\n"))))
                .listen(0, "127.0.0.1"));

        // then
        assertUnsent("https://127.0.0.1:" + plain.actualPort() + "/v1", "TLS_FAILED");
    }

    @Test
    void tlsHandshakeTimeoutIsNotSent() throws Exception {
        // given a server without responses
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));

        // when
        BackendOutcome backendOutcome = get(tls.generate(request(1), new BackendCall(LONG_TIMEOUT)));

        // then
        assertFailed(backendOutcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketDuringTheTlsHandshake() throws Exception {
        // given a server without responses, and a timeout below the handshake timeout
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        long start = System.nanoTime();

        // when
        BackendOutcome backendOutcome = get(tls.generate(request(1), new BackendCall(Duration.ofMillis(1500))));

        // then the request was not sent
        assertFailed(backendOutcome, FailureClass.NOT_SENT, "CONNECT_TIMEOUT");
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(Duration.ofNanos(server.lastClosedAt() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(1499));
        get(tls.close());
    }

    @Test
    void abortWhileConnectingSendsNothing() throws Exception {
        // given
        OpenAiImagesBackend tls = backend(URI.create("https://127.0.0.1:" + server.port() + "/v1"));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> running = tls.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 1);

        // when
        backendCall.abort();

        // then
        assertThat(running.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS))
                .isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
        assertThat(server.requests(GENERATIONS)).isEmpty();
        get(tls.close());
    }

    @Test
    void deadlineClosesASocketWithoutResponseHead() {
        server.script(GENERATIONS, server.sendNothing());
        assertClosedAtDeadline(server);
    }

    @Test
    void deadlineClosesASocketWithASlowBody() {
        server.script(GENERATIONS, server.sendSlowBody());
        assertClosedAtDeadline(server);
    }

    @Test
    void eachCallUsesItsOwnConnection() {
        // given a server with keep-alive
        server.script(GENERATIONS, server.respondKeptAlive(ScriptedHttpServer.base64(PNG)));

        // when
        for (int i = 0; i < 5; i++) {
            generated(generate(request(1)));
        }

        // then
        assertThat(server.requests(GENERATIONS)).hasSize(5);
        assertThat(server.totalConnections()).isEqualTo(5);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertClosedAtDeadline(ScriptedHttpServer scriptedServer) {
        // when
        long start = System.nanoTime();
        BackendFailure backendFailure = failed(generate(request(1), new BackendCall(Duration.ofMillis(1500))));
        long end = System.nanoTime();

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(backendFailure.timedOut()).isTrue();
        // Timers use whole milliseconds of another clock, so they may fire up to 1 ms early.
        assertThat(Duration.ofNanos(end - start).plusMillis(1)).isGreaterThanOrEqualTo(Duration.ofMillis(1500));
        await().atMost(60, TimeUnit.SECONDS).until(() -> scriptedServer.openConnections() == 0);
    }

    @Test
    void abortClosesASocketWithoutResponseHead() throws Exception {
        // given
        server.script(GENERATIONS, server.sendNothing());
        assertClosedByAbort();
    }

    @Test
    void abortClosesASocketWithASlowBody() throws Exception {
        // given
        server.script(GENERATIONS, server.sendSlowBody());
        assertClosedByAbort();
    }

    private void assertClosedByAbort() throws Exception {
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> running = backend.generate(request(1), backendCall);
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        backendCall.abort();

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    @Test
    void callAbortedBeforeItsStartSendsNothing() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        backendCall.abort();

        // then
        assertThat(get(backend.generate(request(1), backendCall))).isInstanceOf(BackendOutcome.Aborted.class);
        assertThat(server.requests(GENERATIONS)).isEmpty();
    }

    @Test
    void closeAbortsActiveCalls() throws Exception {
        // given
        server.script(GENERATIONS, server.sendNothing());
        Future<BackendOutcome> running = backend.generate(request(1), new BackendCall(LONG_TIMEOUT));
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == 1);

        // when
        get(backend.close());

        // then
        assertThat(get(running)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);
    }

    private void assertUnsent(String base, String expectedCode) throws Exception {
        OpenAiImagesBackend unreachable = backend(URI.create(base));
        try {
            assertFailed(
                    get(unreachable.generate(request(1), new BackendCall(LONG_TIMEOUT))),
                    FailureClass.NOT_SENT,
                    expectedCode);
        } finally {
            get(unreachable.close());
        }
    }

    private static void assertFailed(BackendOutcome backendOutcome, FailureClass expectedClass, String expectedCode) {
        BackendFailure backendFailure = failed(backendOutcome);
        assertThat(backendFailure.code()).as(backendFailure.toString()).isEqualTo(expectedCode);
        assertThat(backendFailure.failureClass()).isEqualTo(expectedClass);
    }
}

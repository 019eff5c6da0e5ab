package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.JobProgress;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Progress over the WebSocket, and sockets that fail. */
class ComfyUiProgressTest extends ComfyUiBackendFixture {
    private static final int MEBIBYTE = 1 << 20;

    @Test
    void reportsThePercentageThatNeverDecreases() {
        // given
        startServer(router -> router.get("/ws").handler(acceptSocket((id, socket) -> {
            socket.writeTextMessage(progress(id, 1, 4));
            socket.writeTextMessage(progress(id, 3, 4));
            socket.writeTextMessage(progress(id, 1, 10));
            socket.writeTextMessage(progress("another", 4, 4));
            socket.writeTextMessage(new JsonObject(progress(id, 8, 10)).encodePrettily());
        })));
        server.script("{\"delay\": \"60m\"}");

        // when
        Future<BackendOutcome> outcome = backend.generate(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(80, null)));
        server.send("POST", "/interrupt", new JsonObject());
        failed(result(outcome));

        // then
        assertThat(listener.progress.stream().map(JobProgress::percent).distinct())
                .filteredOn(percent -> percent != null)
                .isEqualTo(List.of(25, 75, 80));
    }

    private static String progress(String id, int value, int max) {
        return "{\"type\": \"progress\", \"data\": {\"value\": %d, \"max\": %d, \"prompt_id\": \"%s\", \"node\": \"3\"}}"
                .formatted(value, max, id);
    }

    @Test
    void lookUpReportsProgressToo() {
        // given
        startServer(router ->
                router.get("/ws").handler(acceptSocket((id, socket) -> socket.writeTextMessage(progress(id, 1, 2)))));
        server.script("{\"delay\": \"60m\"}");
        server.submitForeignJob();
        server.script("{\"dropAccepted\": true}");
        failed(generate(1));
        listener.progress.clear();

        // when
        Future<BackendOutcome> outcome = backend.lookUp(request(1), call(LONG_TIMEOUT));
        await().until(() -> listener.progress.contains(new JobProgress(50, null)));
        server.send("POST", "/interrupt", new JsonObject());

        // then
        assertThat(generated(result(outcome))).hasSize(1);
    }

    @ParameterizedTest
    @MethodSource("brokenSockets")
    void brokenSocketDoesNotAffectTheOutcome(Handler<RoutingContext> socketHandler) {
        // given
        startServer(router -> router.get("/ws").handler(socketHandler));

        // then
        assertThat(generated(generate(2))).hasSize(2);
    }

    static Stream<Named<Handler<RoutingContext>>> brokenSockets() {
        return Stream.of(
                Named.of(
                        "not found",
                        context -> context.response().setStatusCode(404).end()),
                Named.of(
                        "forbidden",
                        context -> context.response().setStatusCode(403).end()),
                Named.of("silent before the handshake", context -> {}),
                Named.of("closed", context -> context.request().connection().close()),
                Named.of("silent", acceptSocket((id, socket) -> {})),
                Named.of("closed after the handshake", acceptSocket((id, socket) -> socket.close())),
                Named.of("no JSON", acceptSocket((id, socket) -> socket.writeTextMessage("\"progress\" {"))),
                Named.of("other JSON", acceptSocket((id, socket) -> {
                    socket.writeTextMessage("[\"progress\"]");
                    socket.writeTextMessage("{\"type\": \"progress\"}");
                    socket.writeTextMessage("{\"type\": \"progress\", \"data\": {\"value\": \"1\", \"max\": []}}");
                    socket.writeTextMessage(progress(id, -1, 4));
                    socket.writeTextMessage(progress(id, 1, 0));
                })),
                Named.of(
                        "binary previews",
                        acceptSocket((id, socket) -> socket.writeBinaryMessage(Buffer.buffer(new byte[100_000])))),
                Named.of(
                        "endless message",
                        acceptSocket((id, socket) -> socket.writeTextMessage("x".repeat(4 * MEBIBYTE)))),
                Named.of(
                        "large frame",
                        acceptSocket((id, socket) -> socket.writeFinalTextFrame("x".repeat(4 * MEBIBYTE)))));
    }

    /** @param onOpen receives the client id, which is the id of the job */
    private static Handler<RoutingContext> acceptSocket(BiConsumer<String, ServerWebSocket> onOpen) {
        return context -> {
            String id = context.request().getParam("clientId");
            context.request().toWebSocket().onSuccess(socket -> {
                socket.exceptionHandler(failure -> {});
                onOpen.accept(id, socket);
            });
        };
    }
}

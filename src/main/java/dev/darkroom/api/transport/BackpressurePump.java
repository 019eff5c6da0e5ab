package dev.darkroom.api.transport;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.streams.ReadStream;

/**
 * Sends a stream and fetches the next block only after the previous one is sent. A pipe of Vert.x queues sixteen blocks, which is a
 * megabyte for each client that reads slowly or not at all. Confined to the context of the response.
 */
public final class BackpressurePump {
    private final ReadStream<Buffer> stream;
    private final ResponseWriter writer;
    private final Promise<Void> sent = Promise.promise();
    private Future<Void> lastWrite = Future.succeededFuture();

    private BackpressurePump(ReadStream<Buffer> stream, ResponseWriter writer) {
        this.stream = stream;
        this.writer = writer;
    }

    /**
     * Sends the whole stream and does not end the response.
     *
     * @return fails with the failure of the stream or of the connection, and leaves the stream open
     */
    public static Future<Void> send(ReadStream<Buffer> stream, HttpServerRequest request) {
        return new BackpressurePump(stream, new ResponseWriter(request)).start();
    }

    private Future<Void> start() {
        stream.pause()
                .exceptionHandler(sent::tryFail)
                .endHandler(end -> lastWrite.onSuccess(sent::tryComplete))
                .handler(this::write)
                .fetch(1);
        return sent.future();
    }

    private void write(Buffer block) {
        lastWrite = writer.write(block);
        lastWrite.onSuccess(written -> stream.fetch(1)).onFailure(failure -> {
            stream.handler(null);
            sent.tryFail(failure);
        });
    }
}

package dev.darkroom.api.generation;

import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.image.store.ImageContent;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerRequest;

/**
 * Sends bytes of an image. Reads a block only after the previous one is sent, so a client that reads slowly or not at all costs one block.
 * Confined to the context of the response.
 */
final class ImageBodySender {
    private final ImageContent content;
    private final ByteRange range;
    private final ResponseWriter writer;
    private final Promise<Void> sent = Promise.promise();
    private long position;

    private ImageBodySender(ImageContent content, ByteRange range, ResponseWriter writer) {
        this.content = content;
        this.range = range;
        this.writer = writer;
        this.position = range.start();
    }

    /**
     * Sends the bytes and ends the response.
     *
     * @return fails with the failure of the image or of the connection
     */
    static Future<Void> send(ImageContent content, ByteRange range, HttpServerRequest request) {
        ImageBodySender sender = new ImageBodySender(content, range, new ResponseWriter(request));
        sender.sendNext();
        return sender.sent.future();
    }

    private void sendNext() {
        int length = (int) Math.min(ResponseWriter.PIECE_BYTES, range.end() - position);
        boolean last = position + length == range.end();
        content.read(length)
                .compose(block -> last ? writer.endWith(block) : writer.write(block))
                .onSuccess(written -> {
                    position += length;
                    if (last) {
                        sent.complete();
                    } else {
                        sendNext();
                    }
                })
                .onFailure(sent::fail);
    }
}

package dev.darkroom.api.openai;

import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.Base64;
import java.util.List;

/**
 * Sends a body of texts and images in base64. Reads a block only after the previous one is sent, so a client that reads slowly or not at all
 * costs one block. Opens one image at a time, before the text that precedes it: when the first image cannot be opened, nothing is sent. Confined to the context of the response.
 */
final class Base64BodySender {
    /** Encoded, a block is a piece of a response. A multiple of three, so that only the last block has padding. */
    private static final int BLOCK_BYTES = ResponseWriter.PIECE_BYTES / 4 * 3;

    private final ImageStore images;
    private final ResponseWriter writer;
    private boolean started;

    Base64BodySender(ImageStore images, ResponseWriter writer) {
        this.images = images;
        this.writer = writer;
    }

    /**
     * Part of a body: a text, and the image that follows it.
     *
     * @param image null in the last part
     */
    record Part(Buffer text, StoredImage image) {
        static Part of(String text, StoredImage image) {
            return new Part(Buffer.buffer(text), image);
        }

        static Part last(String text) {
            return new Part(Buffer.buffer(text), null);
        }

        long length() {
            return text.length() + (image == null ? 0 : (image.bytes() + 2) / 3 * 4);
        }
    }

    /** Returns the length of a body in bytes. */
    static long length(List<Part> parts) {
        return parts.stream().mapToLong(Part::length).sum();
    }

    /**
     * Sends the parts and ends the response.
     *
     * @return fails with the failure of the image or of the connection
     */
    Future<Void> send(List<Part> parts) {
        Future<Void> written = Future.succeededFuture();
        for (Part part : parts) {
            written = written.compose(before -> part.image() == null ? writer.endWith(part.text()) : write(part));
        }
        return written;
    }

    /** Returns whether a part of the body was written. */
    boolean hasStarted() {
        return started;
    }

    private Future<Void> write(Part part) {
        StoredImage image = part.image();
        return images.open(image.storageKey(), 0, image.bytes()).compose(content -> {
            started = true;
            return writer.write(part.text())
                    .compose(taken -> {
                        Promise<Void> written = Promise.promise();
                        writeBlocks(content, image.bytes(), written);
                        return written.future();
                    })
                    .eventually(content::close);
        });
    }

    /** @param remaining number of bytes that are not read yet */
    private void writeBlocks(ImageContent content, long remaining, Promise<Void> written) {
        int length = (int) Math.min(BLOCK_BYTES, remaining);
        content.read(length)
                .compose(block -> writer.write(Buffer.buffer(Base64.getEncoder().encode(block.getBytes()))))
                .onSuccess(taken -> {
                    if (length == remaining) {
                        written.complete();
                    } else {
                        writeBlocks(content, remaining - length, written);
                    }
                })
                .onFailure(written::fail);
    }
}

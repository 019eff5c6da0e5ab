package dev.darkroom.maintenance.copy;

import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStore.ImageProperties;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.security.MessageDigest;
import java.util.function.Consumer;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;

/** Copies single images. Holds the bytes of an image while it is copied. Thread-safe; nothing blocks. */
record ImageTransfer(ImageStore from, ImageStore to) {
    /** How an image in the target is compared with its row. */
    enum Comparison {
        /** Its size alone. */
        SIZE,
        /** Its size, and the SHA-256 that the store recorded. Without a recorded one, its bytes. */
        SHA256,
        /** Its bytes. */
        BYTES
    }

    /** What happened to an image. */
    enum Outcome {
        /** The target had it. */
        PRESENT,
        COPIED,
        /** The target had other bytes under its key. */
        REPLACED,
        /** Neither store has it. */
        MISSING,
        /** The bytes of the source are not those of the row. The target was not changed. */
        DIFFERENT
    }

    private enum TargetState {
        ABSENT,
        SAME,
        DIFFERENT
    }

    /** Copies an image unless the target has it. Fails when a store cannot be read or written. */
    Future<Outcome> transfer(ImageRow row, Comparison comparison) {
        return stateOf(row, comparison)
                .compose(state -> state == TargetState.SAME
                        ? Future.succeededFuture(Outcome.PRESENT)
                        : copy(row, state == TargetState.DIFFERENT));
    }

    private Future<TargetState> stateOf(ImageRow row, Comparison comparison) {
        return to.properties(row.key())
                .compose(properties -> matches(row, properties, comparison))
                .map(same -> same ? TargetState.SAME : TargetState.DIFFERENT)
                .recover(failure -> failure instanceof ImageNotFoundException
                        ? Future.succeededFuture(TargetState.ABSENT)
                        : Future.failedFuture(failure));
    }

    private Future<Boolean> matches(ImageRow row, ImageProperties properties, Comparison comparison) {
        if (properties.bytes() != row.bytes() || comparison == Comparison.SIZE) {
            return Future.succeededFuture(properties.bytes() == row.bytes());
        }
        return comparison == Comparison.SHA256 && properties.sha256().isPresent()
                ? Future.succeededFuture(properties.sha256().get().equals(row.sha256()))
                : read(to, row, block -> {}).map(row.sha256()::equals);
    }

    private Future<Outcome> copy(ImageRow row, boolean replace) {
        ChunkedBytes.Builder bytes = new ChunkedBytes.Builder();
        return from.properties(row.key())
                .compose(properties -> properties.bytes() == row.bytes()
                        ? read(from, row, bytes::append).map(row.sha256()::equals)
                        : Future.succeededFuture(false))
                .compose(intact -> {
                    if (!intact) {
                        return Future.succeededFuture(Outcome.DIFFERENT);
                    }
                    Image image = new Image(
                            bytes.build(),
                            ImageFormat.ofContentType(row.contentType()),
                            row.width(),
                            row.height(),
                            row.sha256());
                    // A store keeps the first object of a key.
                    return (replace ? to.delete(row.key()) : Future.<Void>succeededFuture())
                            .compose(deleted -> to.put(row.key(), image))
                            .map(replace ? Outcome.REPLACED : Outcome.COPIED);
                })
                .recover(failure -> failure instanceof ImageNotFoundException
                        ? Future.succeededFuture(Outcome.MISSING)
                        : Future.failedFuture(failure));
    }

    /** Reads all bytes of an image and returns their SHA-256. */
    private static Future<String> read(ImageStore store, ImageRow row, Consumer<Buffer> consumer) {
        MessageDigest digest = DigestUtils.getSha256Digest();
        return store.open(row.key(), 0, row.bytes())
                .compose(content -> content.readBlocks(row.bytes(), block -> {
                            digest.update(block.getBytes());
                            consumer.accept(block);
                        })
                        .eventually(content::close))
                .map(read -> Hex.encodeHexString(digest.digest()));
    }
}

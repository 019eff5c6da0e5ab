package dev.darkroom.image;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** Where pictures are kept. Keys are chosen by the caller, unique for ever, and never taken from user input. */
public interface ImageStore {

    /**
     * Keeps a picture under a key such as {@code 3f/0199….png}.
     *
     * @return completes once the picture is whole and durable (it survives a power cut); fails when it could not be
     *     written, in which case nothing is to be seen under the key
     */
    Future<Void> put(String key, Image picture);

    /**
     * Opens a picture for reading.
     *
     * @return a paused-until-piped stream of the bytes; fails with {@link ImageNotFoundException} when there is nothing
     *     under the key. The stream fails with {@link java.io.UncheckedIOException} when it cannot be read to its end.
     */
    Future<ReadStream<Buffer>> read(String key);

    /** Checks that pictures can be written, without writing one. Fails with the reason when they cannot. */
    Future<Void> checkWritable();

    /** Deletes a picture; nothing there is fine. Fails when it is still there afterwards. */
    Future<Void> delete(String key);

    /**
     * Goes through the keys of what has been here for longer than {@code age} by the store's own clock, at most {@code limit}
     * at a time, in no order. The next ones come when the future of {@code page} has completed.
     *
     * @return fails as soon as a page does
     */
    Future<Void> scanStaleKeys(Duration age, int limit, Function<List<String>, Future<Void>> page);
}

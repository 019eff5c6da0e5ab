package dev.darkroom.image;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * Stores image files by key. Keys are created by {@link ImageKeyFactory}, never reused and never taken from user input. Thread-safe;
 * nothing blocks.
 */
public interface ImageStore {

    /**
     * Stores an image under a key such as {@code 3f/0199….png}.
     *
     * @return completes when the image is complete and durable (it survives a power failure). Fails when it was not written; nothing is
     *     stored under the key then
     */
    Future<Void> put(String key, Image image);

    /**
     * Opens an image for reading. The caller closes it.
     *
     * @return fails with {@link ImageNotFoundException} when no image has the key
     */
    Future<ImageContent> open(String key);

    /** Checks that images can be written, without writing one. Fails with the reason otherwise. */
    Future<Void> checkWritable();

    /** Deletes an image, if it exists. Fails when it could not be deleted. */
    Future<Void> delete(String key);

    /**
     * Passes the keys of all images older than {@code age}, by the clock of the store, to {@code page}: at most {@code limit} per call,
     * unordered. Continues when the future of {@code page} has completed.
     *
     * @return fails when a future of {@code page} fails
     */
    Future<Void> scanStaleKeys(Duration age, int limit, Function<List<String>, Future<Void>> page);
}

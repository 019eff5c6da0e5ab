package dev.darkroom.image.store;

import dev.darkroom.image.Image;
import io.vertx.core.Future;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Stores image files by key. Keys are created by {@link ImageKeyFactory}, never reused and never taken from user input. A store belongs
 * to one database, whose id its marker contains. Thread-safe; nothing blocks.
 */
public interface ImageStore {
    /** The header {@code Cache-Control} of images, also in redirects to the store. An image never changes; one year is the conventional maximum age. */
    String CACHE_CONTROL = "private, max-age=31536000, immutable";

    /**
     * A stored file.
     *
     * @param key its storage key
     * @param bytes its size
     */
    record StoredFile(String key, long bytes) {}

    /** A list that is read page by page. Not thread-safe. */
    interface FilePages {
        /** Reads the next page; empty at the end. A listed file may have been deleted meanwhile. */
        Future<List<StoredFile>> next();
    }

    /**
     * Stores an image under a key such as {@code 3f/0199….png}. Storing the same image again under its key succeeds.
     *
     * @return completes when the image is complete and durable (it survives a power failure). Fails when it was not written; nothing is
     *     stored under the key then, unless the response of the store was lost
     */
    Future<Void> put(String key, Image image);

    /**
     * Opens a range of an image for reading. The caller closes it.
     *
     * @param start position of the first byte
     * @param end position after the last byte, greater than {@code start}
     * @return fails with {@link ImageNotFoundException} when no image has the key
     */
    Future<ImageContent> open(String key, long start, long end);

    /**
     * Properties of a stored image.
     *
     * @param bytes its size
     * @param sha256 hash of its bytes in lower-case hexadecimal, if the store has recorded one
     */
    record ImageProperties(long bytes, Optional<String> sha256) {}

    /**
     * Reads the properties of an image, not its bytes.
     *
     * @return fails with {@link ImageNotFoundException} when no image has the key
     */
    Future<ImageProperties> properties(String key);

    /**
     * Reads the size of an image in bytes.
     *
     * @return fails with {@link ImageNotFoundException} when no image has the key
     */
    default Future<Long> size(String key) {
        return properties(key).map(ImageProperties::bytes);
    }

    /**
     * Returns the URL from which clients download an image themselves; empty when the service sends its bytes. Does not check that the image
     * exists.
     */
    default Future<Optional<URI>> downloadUrl(String key) {
        return Future.succeededFuture(Optional.empty());
    }

    /** Returns the scheme, host and port of the URLs of {@link #downloadUrl}; empty when the service sends the bytes of images. */
    default Future<Optional<URI>> downloadOrigin() {
        return downloadUrl("origin").map(url -> url.map(found -> found.resolve("/")));
    }

    /** Checks that images can be written, without writing one. Fails with the reason otherwise. */
    Future<Void> checkWritable();

    /** Checks that the store belongs to the database, and changes nothing. Fails with {@link ImageStoreException} otherwise. */
    Future<Void> checkOwner();

    /** Deletes an image, if it exists. Fails when it could not be deleted. */
    Future<Void> delete(String key);

    /**
     * Lists all files older than {@code age}, by the clock of the store, unordered.
     *
     * @param limit maximum number of files in a page
     */
    FilePages listStaleFiles(Duration age, int limit);

    /** Returns the location for operators, such as {@code /var/lib/darkroom/images}. */
    String location();

    /** Releases threads and connections. Flushes nothing: images are durable when the future of {@link #put} completes. */
    Future<Void> close();
}

package dev.darkroom.api.body;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Stores the files of the form of one request. For the event loop of the request. */
public interface FormFiles {
    /**
     * A stored file.
     *
     * @param sha256 equal for equal files, in lower-case hexadecimal
     */
    record StoredFile(UUID id, String sha256) {}

    /**
     * Stores a file.
     *
     * @param field name of its field
     * @param mediaType as declared; null when there is none
     * @param content must not change until the future completes
     * @return fails with a {@code Problem} for a rejected file
     */
    Future<StoredFile> store(String field, String mediaType, Buffer content);

    /** Deletes a stored file, because nothing will use it. */
    void discard(StoredFile file);

    /** Deletes the stored files of a form, by field. */
    default void discardAll(Map<String, List<StoredFile>> files) {
        files.values().forEach(list -> list.forEach(this::discard));
    }
}

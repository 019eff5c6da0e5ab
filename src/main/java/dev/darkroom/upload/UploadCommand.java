package dev.darkroom.upload;

import dev.darkroom.eventbus.Command;
import io.vertx.core.buffer.Buffer;
import java.util.UUID;

/** Command on {@link #ADDRESS}. It accesses only the uploads of its user, for admins too. Available only inside the process. */
public sealed interface UploadCommand<R> extends Command<R> {
    /** Address on the event bus. */
    String ADDRESS = "darkroom.upload";

    /**
     * Stores an image.
     *
     * @param mediaType declared type; null for any
     * @param content must not change until the reply
     */
    record CreateUpload(String user, String mediaType, Buffer content) implements UploadCommand<Upload> {}

    /** Returns an upload that has not expired. */
    record GetUpload(String user, UUID id) implements UploadCommand<Upload> {}

    /** Expires an upload. Its file is deleted once no unfinished generation uses it. */
    record DeleteUpload(String user, UUID id) implements UploadCommand<UUID> {}
}

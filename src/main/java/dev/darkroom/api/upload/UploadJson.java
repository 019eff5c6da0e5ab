package dev.darkroom.api.upload;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.upload.Upload;
import io.vertx.core.json.JsonObject;

/** Encodes uploads as the JSON of HTTP responses. Thread-safe. */
final class UploadJson {
    private UploadJson() {}

    static JsonObject encode(Upload upload) {
        return new JsonObject()
                .put("id", upload.id().toString())
                .put("mediaType", upload.mediaType())
                .put("width", upload.width())
                .put("height", upload.height())
                .put("bytes", upload.bytes())
                .put("sha256", upload.sha256())
                .put("createdAt", Rfc3339Timestamp.format(upload.createdAt()))
                .put("expiresAt", Rfc3339Timestamp.format(upload.expiresAt()));
    }
}

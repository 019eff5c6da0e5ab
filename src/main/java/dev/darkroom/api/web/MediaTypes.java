package dev.darkroom.api.web;

import io.vertx.core.http.MimeMapping;

/** Media types of static files. */
final class MediaTypes {
    static final String HTML = "text/html; charset=utf-8";

    private MediaTypes() {}

    /** @throws IllegalStateException when the extension of the file is unknown */
    static String ofFile(String name) {
        // Vert.x does not know the extension.
        String mediaType =
                name.endsWith(".webmanifest") ? "application/manifest+json" : MimeMapping.mimeTypeForFilename(name);
        if (mediaType == null) {
            throw new IllegalStateException("no media type for the file " + name);
        }
        return mediaType.startsWith("text/") ? mediaType + "; charset=utf-8" : mediaType;
    }
}

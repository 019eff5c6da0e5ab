package dev.darkroom.api.web;

import java.util.Map;

/** Media types of static files. */
public final class MediaTypes {
    public static final String HTML = "text/html; charset=utf-8";

    private static final Map<String, String> BY_EXTENSION = Map.ofEntries(
            Map.entry("css", "text/css; charset=utf-8"),
            Map.entry("html", HTML),
            Map.entry("ico", "image/x-icon"),
            Map.entry("jpg", "image/jpeg"),
            Map.entry("js", "text/javascript; charset=utf-8"),
            Map.entry("json", "application/json"),
            Map.entry("png", "image/png"),
            Map.entry("svg", "image/svg+xml"),
            Map.entry("txt", "text/plain; charset=utf-8"),
            Map.entry("webmanifest", "application/manifest+json"),
            Map.entry("webp", "image/webp"),
            Map.entry("woff2", "font/woff2"));

    private MediaTypes() {}

    /** @throws IllegalStateException when the extension of the file is unknown */
    public static String ofFile(String name) {
        String mediaType = BY_EXTENSION.get(name.substring(name.lastIndexOf('.') + 1));
        if (mediaType == null) {
            throw new IllegalStateException("no media type for the file " + name);
        }
        return mediaType;
    }
}

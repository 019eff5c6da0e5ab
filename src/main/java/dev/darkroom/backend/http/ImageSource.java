package dev.darkroom.backend.http;

import dev.darkroom.image.ChunkedBytes;

/** Image in a response: its bytes, or a URL for its download. */
public sealed interface ImageSource {

    /** Image bytes, not yet inspected. */
    record Inline(ChunkedBytes bytes) implements ImageSource {}

    /** Untrusted URL from the AI server. */
    record Link(String url) implements ImageSource {}
}

package dev.darkroom.backend.openai;

import dev.darkroom.image.ChunkedBytes;

/** One entry of {@code data} in a response: the bytes of an image, or a URL for its download. */
sealed interface OpenAiImageEntry {

    /** Image bytes, not yet inspected. */
    record Inline(ChunkedBytes bytes) implements OpenAiImageEntry {}

    /** Untrusted URL from the AI server. */
    record Link(String url) implements OpenAiImageEntry {}
}

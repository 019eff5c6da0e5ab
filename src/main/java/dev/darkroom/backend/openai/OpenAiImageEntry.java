package dev.darkroom.backend.openai;

import dev.darkroom.image.ChunkedBytes;

/** One entry of an answer's {@code data}: the picture itself, or where it can be fetched. */
sealed interface OpenAiImageEntry {

    /** Bytes that nobody has looked at yet. */
    record Inline(ChunkedBytes bytes) implements OpenAiImageEntry {}

    /** A URL as the AI server gave it. */
    record Link(String url) implements OpenAiImageEntry {}
}

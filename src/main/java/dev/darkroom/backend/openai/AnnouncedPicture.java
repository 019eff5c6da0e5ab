package dev.darkroom.backend.openai;

import dev.darkroom.image.Blocks;

/** One entry of an answer's {@code data}: the picture itself, or where it can be fetched. */
sealed interface AnnouncedPicture {

    /** Bytes that nobody has looked at yet. */
    record Inline(Blocks bytes) implements AnnouncedPicture {}

    /** A URL as the AI server gave it. */
    record Link(String url) implements AnnouncedPicture {}
}

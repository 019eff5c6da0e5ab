package dev.darkroom.generation;

import dev.darkroom.image.Image;
import java.util.UUID;

/** Metadata of an image that is completely written to the image store and has no row yet. {@code bytes} is its size. */
public record StoredImage(
        UUID id, String contentType, int width, int height, long bytes, String sha256, String storageKey) {

    public static StoredImage of(UUID id, String storageKey, Image image) {
        return new StoredImage(
                id,
                image.format().contentType(),
                image.width(),
                image.height(),
                image.size(),
                image.sha256(),
                storageKey);
    }
}

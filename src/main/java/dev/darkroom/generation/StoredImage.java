package dev.darkroom.generation;

import dev.darkroom.image.Image;
import java.util.UUID;

/** A picture that is whole in the store and waits for its row. */
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

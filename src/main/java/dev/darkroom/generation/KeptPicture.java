package dev.darkroom.generation;

import dev.darkroom.image.Picture;
import java.util.UUID;

/** A picture that is whole in the store and waits for its row. */
record KeptPicture(UUID id, String contentType, int width, int height, long bytes, String sha256, String storageKey) {

    static KeptPicture of(UUID id, String storageKey, Picture picture) {
        return new KeptPicture(
                id,
                picture.format().contentType(),
                picture.width(),
                picture.height(),
                picture.size(),
                picture.sha256(),
                storageKey);
    }
}

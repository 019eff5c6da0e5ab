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

    /**
     * The key under which a picture is kept: its id, which no other attempt shares, in one of 256 directories. The last
     * two digits are random; the first ones of a UUIDv7 are its time.
     */
    static String storageKey(UUID id, Picture picture) {
        String name = id.toString();
        return name.substring(name.length() - 2) + "/" + name + "."
                + picture.format().extension();
    }
}

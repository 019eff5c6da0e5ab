package dev.darkroom.backend;

import dev.darkroom.image.Image;
import java.util.List;

/**
 * Input images of a request with their bytes. Immutable.
 *
 * @param images in the order of the request
 * @param mask null for none
 */
public record LoadedInputs(List<Image> images, Image mask) {
    public static final LoadedInputs NONE = new LoadedInputs(List.of(), null);

    public LoadedInputs {
        images = List.copyOf(images);
    }

    /** Returns the total size in bytes. */
    public int bytes() {
        return images.stream().mapToInt(Image::size).sum() + (mask == null ? 0 : mask.size());
    }
}

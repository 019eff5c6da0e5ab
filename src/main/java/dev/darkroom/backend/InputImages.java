package dev.darkroom.backend;

import java.util.ArrayList;
import java.util.List;

/**
 * Images that a request is based on. Immutable.
 *
 * @param images in the order of the request
 * @param mask marks the region to change; null for none
 */
public record InputImages(List<InputImage> images, InputImage mask) {
    public static final InputImages NONE = new InputImages(List.of(), null);

    public InputImages {
        images = List.copyOf(images);
    }

    /** Returns whether the request has neither images nor a mask. */
    public boolean isEmpty() {
        return images.isEmpty() && mask == null;
    }

    /** Returns the images and, as the last one, the mask. */
    public List<InputImage> all() {
        List<InputImage> all = new ArrayList<>(images);
        if (mask != null) {
            all.add(mask);
        }
        return all;
    }
}

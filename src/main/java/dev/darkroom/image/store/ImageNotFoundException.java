package dev.darkroom.image.store;

/** The image store has no image with a key. */
public final class ImageNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ImageNotFoundException(String key) {
        super("no image with key " + key);
    }
}

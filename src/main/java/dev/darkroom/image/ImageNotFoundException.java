package dev.darkroom.image;

/** The store has nothing under a key. */
public final class ImageNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ImageNotFoundException(String key) {
        super("no picture under " + key);
    }
}

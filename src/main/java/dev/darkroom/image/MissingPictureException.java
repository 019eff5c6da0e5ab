package dev.darkroom.image;

/** The store has nothing under a key. */
public final class MissingPictureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public MissingPictureException(String key) {
        super("no picture under " + key);
    }
}

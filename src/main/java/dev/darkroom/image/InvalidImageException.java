package dev.darkroom.image;

/** Bytes that are no whole picture of a format that Darkroom keeps. The message says why, in our own words. */
public final class InvalidImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidImageException(String why) {
        super(why);
    }
}

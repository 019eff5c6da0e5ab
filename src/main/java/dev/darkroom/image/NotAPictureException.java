package dev.darkroom.image;

/** Bytes that are no whole picture of a format that Darkroom keeps. The message says why, in our own words. */
public final class NotAPictureException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NotAPictureException(String why) {
        super(why);
    }
}

package dev.darkroom.image;

/** Bytes are no complete image of a supported format. The message states the reason and contains no part of the bytes. */
public final class InvalidImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidImageException(String reason) {
        super(reason);
    }
}

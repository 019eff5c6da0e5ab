package dev.darkroom.image.local;

import java.io.IOException;

/** The directory is not the one in which the images of the database are. */
public final class ImageDirectoryException extends IOException {
    private static final long serialVersionUID = 1L;

    ImageDirectoryException(String message) {
        super(message);
    }

    /** The message alone: it says everything, and stands in log lines and on the management port. */
    @Override
    public String toString() {
        return getMessage();
    }
}

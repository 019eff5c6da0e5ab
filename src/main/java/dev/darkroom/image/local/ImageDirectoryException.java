package dev.darkroom.image.local;

import java.io.IOException;

/** The directory does not contain the images of this database. */
public final class ImageDirectoryException extends IOException {
    private static final long serialVersionUID = 1L;

    ImageDirectoryException(String message) {
        super(message);
    }

    /** Returns the message without the class name, for log lines and the management port. */
    @Override
    public String toString() {
        return getMessage();
    }
}

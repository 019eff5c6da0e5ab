package dev.darkroom.image.store;

import java.io.IOException;

/** The image store does not contain the images of this database, or rejected a request. */
public final class ImageStoreException extends IOException {
    private static final long serialVersionUID = 1L;

    public ImageStoreException(String message) {
        super(message);
    }

    public ImageStoreException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Returns the message without the class name, for log lines and the management port. */
    @Override
    public String toString() {
        return getMessage();
    }
}

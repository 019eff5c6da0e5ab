package dev.darkroom.egress;

/** A URL that is not called. The message says what is expected of one, is fit for whoever named it, and tells nothing of our network. */
public final class RefusedUrlException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedUrlException(String message) {
        // An answer, not a fault of the program: no stack trace.
        super(message, null, false, false);
    }
}

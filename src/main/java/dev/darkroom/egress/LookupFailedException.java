package dev.darkroom.egress;

/** The addresses of a host could not be looked up now. A later lookup may succeed. */
public final class LookupFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    LookupFailedException(Throwable cause) {
        super("the host of the URL cannot be looked up at the moment", cause, false, false);
    }
}

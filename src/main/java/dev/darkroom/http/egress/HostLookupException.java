package dev.darkroom.http.egress;

/** The addresses of a host could not be looked up now. A later lookup may succeed. */
public final class HostLookupException extends Exception {
    private static final long serialVersionUID = 1L;

    HostLookupException(Throwable cause) {
        super("the host of the URL cannot be looked up at the moment", cause, false, false);
    }
}

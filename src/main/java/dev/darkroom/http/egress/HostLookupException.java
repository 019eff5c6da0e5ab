package dev.darkroom.http.egress;

/** Thrown when the DNS lookup of a host failed. A later lookup may succeed. */
public final class HostLookupException extends Exception {
    private static final long serialVersionUID = 1L;

    HostLookupException(Throwable cause) {
        super("DNS lookup failed for the host of the URL", cause, false, false);
    }
}

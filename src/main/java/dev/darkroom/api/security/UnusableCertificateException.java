package dev.darkroom.api.security;

/** The files of {@code http.tls} cannot be used. The message gives the operator the reason in one line. */
public final class UnusableCertificateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnusableCertificateException(Throwable cause) {
        super(reason(cause), cause);
    }

    private static String reason(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}

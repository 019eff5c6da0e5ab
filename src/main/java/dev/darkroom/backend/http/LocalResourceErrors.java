package dev.darkroom.backend.http;

import java.util.Locale;
import java.util.regex.Pattern;

/** Recognizes failures of this machine's resources in what the JDK and Netty throw. */
final class LocalResourceErrors {
    /** EMFILE, ENFILE, ENOBUFS, ENOMEM and EADDRNOTAVAIL, as the C library words them. The JDK has no types for them. */
    private static final Pattern EXHAUSTED = Pattern.compile("too many open files|no buffer space available"
            + "|cannot allocate memory|cannot assign requested address|can't assign requested address");

    private static final int MAX_CAUSE_DEPTH = 16;

    private LocalResourceErrors() {}

    /** Returns whether a descriptor, a local port or memory of the operating system was missing. */
    static boolean isResourceExhausted(Throwable cause) {
        Throwable each = cause;
        for (int depth = 0; each != null && depth < MAX_CAUSE_DEPTH; depth++, each = each.getCause()) {
            String message = each.getMessage();
            if (message != null
                    && EXHAUSTED.matcher(message.toLowerCase(Locale.ROOT)).find()) {
                return true;
            }
        }
        return false;
    }
}

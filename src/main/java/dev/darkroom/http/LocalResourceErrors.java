package dev.darkroom.http;

import java.util.Locale;
import java.util.regex.Pattern;

/** Recognizes exhausted resources of this machine in exceptions of the JDK and Netty. */
public final class LocalResourceErrors {
    /** Messages of the C library for EMFILE, ENFILE, ENOBUFS, ENOMEM and EADDRNOTAVAIL. The JDK has no types for them. */
    private static final Pattern EXHAUSTED = Pattern.compile("too many open files|no buffer space available"
            + "|cannot allocate memory|cannot assign requested address|can't assign requested address");

    private static final int MAX_CAUSE_DEPTH = 16;

    private LocalResourceErrors() {}

    /** Returns true when file descriptors, local ports or memory of the operating system were exhausted. */
    public static boolean isResourceExhausted(Throwable cause) {
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

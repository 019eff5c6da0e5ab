package dev.darkroom.notification;

import java.util.regex.Pattern;

/** Validates subscriber names. A client chooses one name per device and keeps it. */
public final class SubscriberName {
    /** Error detail for an invalid name. */
    public static final String FORMAT_DESCRIPTION = "must be 1 to 64 of A-Z, a-z, 0-9, and . _ ~ -";

    private static final Pattern PATTERN = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

    private SubscriberName() {}

    public static boolean isValid(String name) {
        return PATTERN.matcher(name).matches();
    }
}

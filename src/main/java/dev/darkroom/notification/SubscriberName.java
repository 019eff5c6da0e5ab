package dev.darkroom.notification;

import java.util.regex.Pattern;

/** What a client calls its device: a name that it makes up once and keeps. */
public final class SubscriberName {
    /** Of one that is none, for people. */
    public static final String FORMAT_DESCRIPTION = "must be 1 to 64 of A-Z, a-z, 0-9, and . _ ~ -";

    private static final Pattern PATTERN = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

    private SubscriberName() {}

    public static boolean isValid(String name) {
        return PATTERN.matcher(name).matches();
    }
}

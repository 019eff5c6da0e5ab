package dev.darkroom.notification;

import java.util.regex.Pattern;

/** What a client calls its device: a name that it makes up once and keeps. */
public final class Subscriber {
    /** Of one that is none, for people. */
    public static final String EXPECTED = "must be 1 to 64 of A-Z, a-z, 0-9, and . _ ~ -";

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._~-]{1,64}");

    private Subscriber() {}

    public static boolean isOne(String name) {
        return NAME.matcher(name).matches();
    }
}

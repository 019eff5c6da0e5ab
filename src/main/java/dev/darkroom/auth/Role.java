package dev.darkroom.auth;

import java.util.Locale;
import java.util.stream.Stream;

/** The permissions of a principal. */
public enum Role {
    /** May read and change their own resources. */
    USER,
    /** May also read and change the resources of other users. Every such access is logged. */
    ADMIN;

    /** The name in lower case, as on the command line and in the database. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException when no such role exists */
    public static Role of(String text) {
        return Stream.of(values())
                .filter(role -> role.text().equals(text))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("expected user or admin"));
    }
}

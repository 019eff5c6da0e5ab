package dev.darkroom.auth;

import java.util.Locale;

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
        for (Role role : values()) {
            if (role.text().equals(text)) {
                return role;
            }
        }
        throw new IllegalArgumentException("expected user or admin");
    }
}

package dev.darkroom.auth;

import java.util.Locale;

/** What a caller may do. */
public enum Role {
    /** With what is their own, everything. */
    USER,
    /** With what is anybody's. Each use of it leaves a line in the log. */
    ADMIN;

    /** As people write it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException when there is no such role */
    public static Role of(String word) {
        for (Role role : values()) {
            if (role.text().equals(word)) {
                return role;
            }
        }
        throw new IllegalArgumentException("expected user or admin");
    }
}

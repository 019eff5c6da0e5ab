package dev.darkroom.notification;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * What a hint calls a user: short, and of characters that a hint may have, which names of users need not be. No secret: two users may
 * share one, and then one of them is looked at for nothing.
 */
public final class NotifyUserKey {
    private NotifyUserKey() {}

    public static String of(String user) {
        return UUID.nameUUIDFromBytes(user.getBytes(StandardCharsets.UTF_8)).toString();
    }
}

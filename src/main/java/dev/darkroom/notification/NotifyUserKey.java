package dev.darkroom.notification;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Key that identifies a user in NOTIFY payloads. A user name may be too long or contain characters that a payload cannot have. Not
 * secret and not unique: a collision only causes an unnecessary database read.
 */
public final class NotifyUserKey {
    private NotifyUserKey() {}

    /** Returns a name-based UUID of the user name. */
    public static String of(String user) {
        return UUID.nameUUIDFromBytes(user.getBytes(StandardCharsets.UTF_8)).toString();
    }
}

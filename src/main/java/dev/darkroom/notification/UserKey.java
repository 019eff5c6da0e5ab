package dev.darkroom.notification;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a hint calls a user: short, and of characters that a hint may have, which names of users need not be. Two users may share one;
 * then one of them is looked at for nothing.
 */
final class UserKey {
    private static final int BYTES = 8;

    private UserKey() {}

    static String of(String user) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(user.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

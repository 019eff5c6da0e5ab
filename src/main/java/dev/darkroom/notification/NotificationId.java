package dev.darkroom.notification;

import java.util.UUID;

/**
 * Id of a notification: a UUIDv7 with the sequence number in its last 32 bits, so that the primary key of the table finds it. The other
 * bits are the time in milliseconds and 42 random bits, so that notifications of different users with the same number have different ids.
 */
final class NotificationId {
    private static final long SEQ_MASK = 0xFFFF_FFFFL;

    private NotificationId() {}

    /** Replaces the last 32 bits of a UUIDv7 by a sequence number, as {@link NotificationSql#INSERT_NOTIFICATIONS} does. */
    static UUID withSeq(UUID id, long seq) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits() & ~SEQ_MASK | seq);
    }

    static long seqOf(UUID id) {
        return id.getLeastSignificantBits() & SEQ_MASK;
    }
}

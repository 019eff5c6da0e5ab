package dev.darkroom.notification;

import java.util.UUID;

/**
 * Id of a notification: a UUIDv7 with the sequence number in its last 48 bits, so that the primary key of the table finds it. The other
 * bits are the time in milliseconds and random bits. Unique among the notifications of a user.
 */
final class NotificationId {
    private static final long SEQ_MASK = 0xFFFF_FFFF_FFFFL;

    private NotificationId() {}

    /** Replaces the last 48 bits of a UUIDv7 by a sequence number, as {@link NotificationSql#INSERT_NOTIFICATIONS} does. */
    static UUID withSeq(UUID id, long seq) {
        return new UUID(id.getMostSignificantBits(), id.getLeastSignificantBits() & ~SEQ_MASK | seq);
    }

    static long seqOf(UUID id) {
        return id.getLeastSignificantBits() & SEQ_MASK;
    }
}

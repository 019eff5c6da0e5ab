package dev.darkroom.generation;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * Where in a list somebody stands: the last that they have read. As text it is 24 bytes in base64url; what they mean is nobody's
 * business but ours.
 */
record ListCursor(OffsetDateTime createdAt, UUID id) {
    private static final int BYTES = 24;
    private static final int MICROS = 1_000_000;
    private static final int NANOS_OF_A_MICRO = 1_000;

    String text() {
        Instant time = createdAt.toInstant();
        // As exact as the database is.
        long micros =
                Math.addExact(Math.multiplyExact(time.getEpochSecond(), MICROS), time.getNano() / NANOS_OF_A_MICRO);
        byte[] bytes = ByteBuffer.allocate(BYTES)
                .putLong(micros)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Empty when it is not one that {@link #text} could have made. */
    static Optional<ListCursor> parse(String text) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        if (bytes.length != BYTES) {
            return Optional.empty();
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long micros = buffer.getLong();
        Instant time = Instant.ofEpochSecond(
                Math.floorDiv(micros, MICROS), Math.floorMod(micros, MICROS) * (long) NANOS_OF_A_MICRO);
        return Moments.inRange(time)
                ? Optional.of(
                        new ListCursor(time.atOffset(ZoneOffset.UTC), new UUID(buffer.getLong(), buffer.getLong())))
                : Optional.empty();
    }
}

package dev.darkroom.generation;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * Cursor of a list: the last generation of the previous page. Encoded as 24 bytes in base64url, opaque to clients.
 *
 * @param createdAt creation time of that generation, in the precision of the database (microseconds)
 * @param id its id
 */
public record GenerationListCursor(Instant createdAt, UUID id) {
    private static final int ENCODED_BYTES = 24;
    private static final int MICROS_PER_SECOND = 1_000_000;
    private static final int NANOS_PER_MICRO = 1_000;

    /** Returns the cursor as text. */
    public String encode() {
        long micros = Math.addExact(
                Math.multiplyExact(createdAt.getEpochSecond(), MICROS_PER_SECOND),
                createdAt.getNano() / NANOS_PER_MICRO);
        byte[] bytes = ByteBuffer.allocate(ENCODED_BYTES)
                .putLong(micros)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Parses the result of {@link #encode}; empty for any other text. */
    static Optional<GenerationListCursor> parse(String text) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        if (bytes.length != ENCODED_BYTES) {
            return Optional.empty();
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        long micros = buffer.getLong();
        Instant time = Instant.ofEpochSecond(
                Math.floorDiv(micros, MICROS_PER_SECOND),
                Math.floorMod(micros, MICROS_PER_SECOND) * (long) NANOS_PER_MICRO);
        return GenerationListFilter.isInRange(time)
                ? Optional.of(new GenerationListCursor(time, new UUID(buffer.getLong(), buffer.getLong())))
                : Optional.empty();
    }
}

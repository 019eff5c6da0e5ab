package dev.darkroom.image.store;

import dev.darkroom.image.ImageFormat;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * Creates the IDs and storage keys of the images of an attempt. Both are derived from the attempt, so that the files of a killed process
 * can be found although no database row refers to them.
 */
public final class ImageKeyFactory {
    private static final long TIME_MASK = 0xFFFF_FFFF_FFFF_0000L;
    private static final long VERSION_7 = 0x7000L;
    private static final long VARIANT = 0x8000_0000_0000_0000L;

    /** A storage key; group 1 is the ID of the image. */
    private static final Pattern KEY =
            Pattern.compile("[0-9a-f]{2}/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\\.[a-z]{3,4}");

    private ImageKeyFactory() {}

    /**
     * Returns the ID of an image: a UUIDv7 with the timestamp of its generation and bits of a hash. Unique per attempt: the token differs
     * between the attempts of a generation, and the node differs after a database was restored from a backup.
     *
     * @param token the fencing token of the attempt
     * @param position index of the image in the attempt, from 0
     */
    public static UUID createId(UUID generationId, UUID nodeId, long token, int position) {
        ByteBuffer attempt = ByteBuffer.allocate(44)
                .putLong(generationId.getMostSignificantBits())
                .putLong(generationId.getLeastSignificantBits())
                .putLong(nodeId.getMostSignificantBits())
                .putLong(nodeId.getLeastSignificantBits())
                .putLong(token)
                .putInt(position);
        ByteBuffer hash = ByteBuffer.wrap(DigestUtils.sha256(attempt.array()));
        long high = generationId.getMostSignificantBits() & TIME_MASK | VERSION_7 | hash.getLong() & 0xFFFL;
        return new UUID(high, VARIANT | hash.getLong() >>> 2);
    }

    /** Returns the storage key of an image: its ID in one of 256 directories, named after the last two digits of the ID. */
    public static String createKey(UUID id, ImageFormat format) {
        String name = id.toString();
        return name.substring(name.length() - 2) + "/" + name + "." + format.extension();
    }

    /** Returns the ID in a storage key; empty for other names. */
    public static Optional<UUID> idOf(String key) {
        Matcher matcher = KEY.matcher(key);
        return matcher.matches() ? Optional.of(UUID.fromString(matcher.group(1))) : Optional.empty();
    }

    /** Returns the storage keys of all files that an attempt for {@code images} images may have written, in every format. */
    public static List<String> keysOfAttempt(UUID generationId, UUID nodeId, long token, int images) {
        List<String> keys = new ArrayList<>();
        for (int position = 0; position < images; position++) {
            UUID id = createId(generationId, nodeId, token, position);
            for (ImageFormat format : ImageFormat.values()) {
                keys.add(createKey(id, format));
            }
        }
        return keys;
    }
}

package dev.darkroom.access;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A key as its owner holds it: {@code dk_}, eight bytes that name it, {@code _}, and 32 random bytes that nobody can guess, all
 * in hexadecimal, so that a double click selects it whole. {@code toString} shows the name alone.
 */
public final class ApiKey {
    static final String PREFIX = "dk_";
    private static final int ID_BYTES = 8;
    private static final int SECRET_BYTES = 32;
    private static final Pattern SHAPE = Pattern.compile("dk_[0-9a-f]{16}_[0-9a-f]{64}");
    private static final int ID_END = PREFIX.length() + 2 * ID_BYTES;

    private final String text;

    private ApiKey(String text) {
        this.text = text;
    }

    public static ApiKey mint(SecureRandom random) {
        return new ApiKey(PREFIX + hex(random, ID_BYTES) + "_" + hex(random, SECRET_BYTES));
    }

    private static String hex(SecureRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Empty when the text has another shape. */
    public static Optional<ApiKey> parse(String text) {
        return SHAPE.matcher(text).matches() ? Optional.of(new ApiKey(text)) : Optional.empty();
    }

    /** What it is called in lists and in the log. */
    public String id() {
        return text.substring(0, ID_END);
    }

    /** The key itself: to be shown once, to whoever made it. */
    public String secret() {
        return text;
    }

    /**
     * What is stored, SHA-256 in hexadecimal. Nothing slower is needed: slowness protects what people choose, and nobody tries
     * out 256 random bits.
     */
    public String hash() {
        return Hash.of(text);
    }

    @Override
    public String toString() {
        return id();
    }
}

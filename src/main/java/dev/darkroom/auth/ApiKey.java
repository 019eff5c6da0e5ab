package dev.darkroom.auth;

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
    private static final Pattern FORMAT = Pattern.compile("dk_[0-9a-f]{16}_[0-9a-f]{64}");
    private static final int ID_END = PREFIX.length() + 2 * ID_BYTES;

    private final String text;

    private ApiKey(String text) {
        this.text = text;
    }

    public static ApiKey generate(SecureRandom random) {
        return new ApiKey(PREFIX + randomHex(random, ID_BYTES) + "_" + randomHex(random, SECRET_BYTES));
    }

    private static String randomHex(SecureRandom random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Empty when the text has another shape. */
    public static Optional<ApiKey> parse(String text) {
        return FORMAT.matcher(text).matches() ? Optional.of(new ApiKey(text)) : Optional.empty();
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
        return SecretHash.sha256Hex(text);
    }

    @Override
    public String toString() {
        return id();
    }
}

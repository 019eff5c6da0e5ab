package dev.darkroom.auth;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * An API key in clear text: {@code dk_}, an ID of 8 bytes, {@code _}, and 32 random bytes. Both byte sequences are in hexadecimal,
 * so that a double click selects the whole key. Immutable. {@code toString} shows the ID alone.
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

    /** Parses a key. Empty when the text does not have the format of a key. */
    public static Optional<ApiKey> parse(String text) {
        return FORMAT.matcher(text).matches() ? Optional.of(new ApiKey(text)) : Optional.empty();
    }

    /** The public ID, {@code dk_} and 16 hexadecimal digits. Shown in lists and in the log. */
    public String id() {
        return text.substring(0, ID_END);
    }

    /** The whole key. Shown once, when the key is created. */
    public String secret() {
        return text;
    }

    /**
     * The hash that is stored: SHA-256 of the whole key, in hexadecimal. A slow password hash is unnecessary: the key has 256 random
     * bits and cannot be found by trying.
     */
    public String hash() {
        return DigestUtils.sha256Hex(text);
    }

    @Override
    public String toString() {
        return id();
    }
}

package dev.darkroom.api.contract;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code Idempotency-Key} (draft-ietf-httpapi-idempotency-key-header). The draft has a structured string in double quotes (RFC 9651,
 * section 3.3.3); most clients leave the quotes out. Both name the same key.
 */
public final class IdempotencyKeyHeader {
    public static final String NAME = "Idempotency-Key";

    static final String EXPECTED_FORMAT =
            "must have 1 to 255 printable ASCII characters, not only spaces, bare or in double quotes";

    private static final Pattern ESCAPED = Pattern.compile("\\\\([\"\\\\])");

    private IdempotencyKeyHeader() {}

    /**
     * The key that a header names.
     *
     * @param header as the contract allows it
     */
    public static String parse(String header) {
        if (!header.startsWith("\"")) {
            return header;
        }
        Matcher escaped = ESCAPED.matcher(header.substring(1, header.length() - 1));
        return escaped.replaceAll(found -> Matcher.quoteReplacement(found.group(1)));
    }
}

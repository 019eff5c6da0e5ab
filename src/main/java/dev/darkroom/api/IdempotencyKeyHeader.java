package dev.darkroom.api;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code Idempotency-Key} (draft-ietf-httpapi-idempotency-key-header). The draft has a structured string in double quotes (RFC 9651,
 * section 3.3.3); most clients leave the quotes out. Both name the same key.
 */
final class IdempotencyKeyHeader {
    static final String NAME = "Idempotency-Key";

    static final String EXPECTED =
            "must have 1 to 255 printable ASCII characters, not only spaces, bare or in double quotes";

    private static final Pattern ESCAPED = Pattern.compile("\\\\([\"\\\\])");

    private IdempotencyKeyHeader() {}

    /**
     * The key that a header names.
     *
     * @param header as the contract allows it
     */
    static String key(String header) {
        if (!header.startsWith("\"")) {
            return header;
        }
        Matcher escaped = ESCAPED.matcher(header.substring(1, header.length() - 1));
        return escaped.replaceAll(found -> Matcher.quoteReplacement(found.group(1)));
    }
}

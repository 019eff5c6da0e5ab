package dev.darkroom.api.contract;

import io.vertx.core.http.HttpServerResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header {@code Idempotency-Key} (draft-ietf-httpapi-idempotency-key-header). The draft requires a structured string in double quotes
 * (RFC 9651, section 3.3.3). Most clients omit the quotes. Both forms name the same key.
 */
public final class IdempotencyKeyHeader {
    public static final String NAME = "Idempotency-Key";

    static final String EXPECTED_FORMAT =
            "must have 1 to 255 printable ASCII characters, not only spaces, bare or in double quotes";

    private static final Pattern ESCAPED = Pattern.compile("\\\\([\"\\\\])");

    private IdempotencyKeyHeader() {}

    /** Sets {@code Idempotency-Replayed} in the response if an earlier request has created the resource. */
    public static void putReplayed(HttpServerResponse response, boolean replayed) {
        if (replayed) {
            response.putHeader("Idempotency-Replayed", "true");
        }
    }

    /**
     * Returns the key without quotes and escapes.
     *
     * @param header value that the contract's schema has accepted
     */
    public static String parse(String header) {
        if (!header.startsWith("\"")) {
            return header;
        }
        Matcher escaped = ESCAPED.matcher(header.substring(1, header.length() - 1));
        return escaped.replaceAll(found -> Matcher.quoteReplacement(found.group(1)));
    }
}

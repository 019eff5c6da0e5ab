package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/**
 * Copies JSON with {@code "data:,"} in place of each text that starts with {@code data:}. The copy is small, so the event loop can parse
 * and validate it. Everything else is copied unchanged, valid or not. Stateless.
 */
final class DataUrlReplacer {
    /** Maximum size of the copy. */
    static final int MAX_REMAINING_BYTES = 64 * 1024;

    private static final byte[] SCHEME = "data:".getBytes(StandardCharsets.US_ASCII);
    private static final Buffer REPLACEMENT = Buffer.buffer("data:,");

    private DataUrlReplacer() {}

    /** @throws Problem when the copy exceeds {@link #MAX_REMAINING_BYTES} */
    static Buffer replace(Buffer body) {
        byte[] bytes = body.getBytes();
        Buffer copy = Buffer.buffer();
        int copied = 0;
        int position = 0;
        while (position < bytes.length) {
            if (bytes[position] != '"') {
                position++;
                continue;
            }
            int start = position + 1;
            int end = findEndOfText(bytes, start);
            if (startsWithScheme(bytes, start)) {
                append(copy, bytes, copied, start);
                copy.appendBuffer(REPLACEMENT);
                copied = end;
            }
            position = end + 1;
        }
        append(copy, bytes, copied, bytes.length);
        return copy;
    }

    /** Returns the index of the closing quote; the length when there is none. */
    private static int findEndOfText(byte[] bytes, int start) {
        int position = start;
        while (position < bytes.length && bytes[position] != '"') {
            position += bytes[position] == '\\' ? 2 : 1;
        }
        return Math.min(position, bytes.length);
    }

    private static boolean startsWithScheme(byte[] bytes, int start) {
        for (int i = 0; i < SCHEME.length; i++) {
            if (start + i >= bytes.length || bytes[start + i] != SCHEME[i]) {
                return false;
            }
        }
        return true;
    }

    private static void append(Buffer copy, byte[] bytes, int from, int to) {
        if (copy.length() + to - from > MAX_REMAINING_BYTES) {
            throw Problem.tooLarge(
                    413, "The body without its data URLs may have at most " + MAX_REMAINING_BYTES + " bytes.");
        }
        copy.appendBytes(bytes, from, to - from);
    }
}

package dev.darkroom.api.generation;

import dev.darkroom.api.problem.Problem;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte range of a response (RFC 9110, section 14).
 *
 * @param start position of the first byte
 * @param end position after the last byte
 */
record ByteRange(long start, long end) {
    private static final Pattern SINGLE_RANGE =
            Pattern.compile("bytes=(?<first>[0-9]{0,18})-(?<last>[0-9]{0,18})", Pattern.CASE_INSENSITIVE);

    /**
     * Parses the header {@code Range}.
     *
     * @param header null when absent
     * @param length of the whole content
     * @return empty when the whole content is to be sent: without a range, with several, with another unit or with invalid syntax
     * @throws Problem when the content has no byte of the range
     */
    static Optional<ByteRange> parse(String header, long length) {
        Matcher matcher = SINGLE_RANGE.matcher(header == null ? "" : header.trim());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String first = matcher.group("first");
        String last = matcher.group("last");
        if (first.isEmpty()) {
            return last.isEmpty()
                    ? Optional.empty()
                    : Optional.of(satisfiable(Math.max(0, length - Long.parseLong(last)), length, length));
        }
        long start = Long.parseLong(first);
        if (last.isEmpty()) {
            return Optional.of(satisfiable(start, length, length));
        }
        long end = Long.parseLong(last) + 1;
        return end <= start ? Optional.empty() : Optional.of(satisfiable(start, Math.min(end, length), length));
    }

    private static ByteRange satisfiable(long start, long end, long length) {
        if (start >= length) {
            throw Problem.rangeNotSatisfiable(length);
        }
        return new ByteRange(start, end);
    }

    long length() {
        return end - start;
    }

    /** Returns the value of {@code Content-Range}. */
    String contentRange(long wholeLength) {
        return "bytes " + start + "-" + (end - 1) + "/" + wholeLength;
    }
}

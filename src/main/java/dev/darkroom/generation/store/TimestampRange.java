package dev.darkroom.generation.store;

import java.time.Instant;

/** Times that callers may name. */
final class TimestampRange {
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    private TimestampRange() {}

    /** Whether PostgreSQL and we mean the same by it: the year 0 and the far future are told differently. */
    static boolean contains(Instant time) {
        return !time.isBefore(EARLIEST) && !time.isAfter(LATEST);
    }
}

package dev.darkroom.generation.store;

import java.time.Instant;

/** Range of timestamps that requests may contain. */
final class TimestampRange {
    private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    private TimestampRange() {}

    /** Returns whether PostgreSQL and Java format the time alike: they differ for the year 0 and beyond the year 9999. */
    static boolean contains(Instant time) {
        return !time.isBefore(EARLIEST) && !time.isAfter(LATEST);
    }
}

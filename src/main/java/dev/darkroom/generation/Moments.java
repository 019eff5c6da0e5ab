package dev.darkroom.generation;

import java.time.Instant;

/** Times that callers may name. */
final class Moments {
    private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

    private Moments() {}

    /** Whether PostgreSQL and we mean the same by it: the year 0 and the far future are told differently. */
    static boolean inRange(Instant time) {
        return !time.isBefore(FIRST) && !time.isAfter(LAST);
    }
}

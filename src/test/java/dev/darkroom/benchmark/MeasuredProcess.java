package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.OptionalLong;

/** Process of a compared system. */
interface MeasuredProcess {
    /** Returns the CPU time used by the process and its live descendants, counted in hundredths of a second. */
    Duration cpu();

    /** Returns the bytes allocated so far; empty for a process that does not count them. */
    OptionalLong allocatedBytes();
}

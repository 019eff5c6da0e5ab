package dev.darkroom.benchmark;

import java.time.Duration;

/**
 * System under load in an {@link InterleavedComparison}.
 *
 * @param name for the report
 * @param process that does the work; null when it is the benchmark's own process
 * @param load generates the load
 */
record ComparedSystem(String name, SystemRole role, MeasuredProcess process, Load load) {

    /** Generates load for a duration. */
    interface Load {
        LoadResult run(Duration time) throws Exception;
    }
}

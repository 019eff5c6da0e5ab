package dev.darkroom.benchmark;

import java.time.Duration;

/**
 * Something that is kept busy, to be compared with others.
 *
 * @param name for people
 * @param process which does the work, null when it is that of the benchmark itself
 */
record ComparedSystem(String name, JavaProcess process, Load load) {

    /** Keeps it busy for so long. */
    interface Load {
        LoadResult run(Duration time) throws Exception;
    }
}

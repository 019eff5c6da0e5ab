package dev.darkroom.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What came of keeping somebody busy for a while.
 *
 * @param seconds from the first request to the last answer
 * @param latencies nanoseconds from request to answer, sorted, one for each answer
 */
@SuppressWarnings("ArrayRecordComponent")
record LoadResult(double seconds, long[] latencies) {

    static LoadResult of(long startedNanos, List<Latencies> noted) {
        double seconds = (System.nanoTime() - startedNanos) / 1e9;
        long[] all = noted.stream()
                .flatMapToLong(each -> LongStream.of(each.nanos).limit(each.count))
                .sorted()
                .toArray();
        return new LoadResult(seconds, all);
    }

    int count() {
        return latencies.length;
    }

    /** Answers per second. */
    double rate() {
        return count() / seconds;
    }

    /** The latency in milliseconds that {@code part}, 0 to 1, of the answers did not exceed. */
    double latencyMs(double part) {
        return latencies[(int) Math.min(count() - 1, count() * part)] / 1e6;
    }

    /** Notes latencies without making work for the garbage collector. For one thread at a time. */
    static final class Latencies {
        private long[] nanos = new long[1 << 16];
        private int count;

        void add(long latency) {
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, 2 * count);
            }
            nanos[count++] = latency;
        }
    }
}

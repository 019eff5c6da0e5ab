package dev.darkroom.benchmark;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Result of a load.
 *
 * @param seconds from the first request to the last response
 * @param latencies nanoseconds from request to response, sorted, one per response
 */
@SuppressWarnings("ArrayRecordComponent")
record LoadResult(double seconds, long[] latencies) {

    static LoadResult of(long startedNanos, List<Latencies> recorded) {
        double seconds = (System.nanoTime() - startedNanos) / 1e9;
        long[] all = recorded.stream()
                .flatMapToLong(each -> LongStream.of(each.nanos).limit(each.count))
                .sorted()
                .toArray();
        return new LoadResult(seconds, all);
    }

    int count() {
        return latencies.length;
    }

    /** Returns the responses per second. */
    double rate() {
        return count() / seconds;
    }

    /** Returns the quantile of the latencies in milliseconds; {@code fraction} is in 0 to 1. */
    double latencyMs(double fraction) {
        return latencies[(int) Math.min(count() - 1, count() * fraction)] / 1e6;
    }

    /** Records latencies with few allocations. Not thread-safe. */
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

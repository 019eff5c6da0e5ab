package dev.darkroom.backend.http;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Limits the memory used by responses of AI servers in this process. Every call may hold a small response. A larger one
 * needs a permit. Calls without a permit wait in order of arrival and pause reading. A call needs one permit for all its
 * bytes and keeps it while they exceed a small response, so no call waits while it holds a permit, and no deadlock is possible.
 *
 * <p>Bounds and figures: docs/decisions/0013. Thread-safe.
 */
public final class ResponseMemoryBudget {
    private static final int MIB = 1 << 20;

    /** Upper bound of a small response. */
    private static final int MAX_PERMIT_FREE_BYTES = 8 * MIB;

    /** Generous estimate for the rest of the process. */
    private static final long BASE_BYTES = 64L * MIB;

    /** Buffers of one connection. */
    private static final long BYTES_PER_CONNECTION = MIB / 8;

    private final long heapBytes;
    private final int calls;
    private final int maxBytesPerCall;
    private final int permitFreeBytes;
    private final int maxPermits;

    // Guarded by this.
    private final Deque<Runnable> waiters = new ArrayDeque<>();
    private int permits;

    /**
     * @param heapBytes maximum heap size in bytes
     * @param calls number of concurrent calls, at least 1
     * @param maxBytesPerCall number of bytes that one call may read
     */
    public ResponseMemoryBudget(long heapBytes, int calls, int maxBytesPerCall) {
        this.heapBytes = heapBytes;
        this.calls = calls;
        this.maxBytesPerCall = maxBytesPerCall;
        this.permitFreeBytes = (int) Math.min(MAX_PERMIT_FREE_BYTES, heapBytes / 8 / calls);
        this.maxPermits = (int) Math.max(1, Math.min(calls, heapBytes / 4 / maxBytesPerCall));
        this.permits = maxPermits;
    }

    /** Returns how many bytes one call may hold with a permit. */
    int maxBytesPerCall() {
        return maxBytesPerCall;
    }

    /** Returns how many bytes a call may hold without a permit. */
    int permitFreeBytes() {
        return permitFreeBytes;
    }

    /**
     * Returns the heap size in bytes that suffices for any responses of AI servers. A response and the images decoded from
     * it take at most 7/4 of the response size.
     */
    public long requiredHeap() {
        return BASE_BYTES
                + BYTES_PER_CONNECTION * calls
                + ((long) permitFreeBytes * calls + (long) maxBytesPerCall * maxPermits) * 7 / 4;
    }

    /** Returns true when the heap has the required size. */
    public boolean isHeapSufficient() {
        return heapBytes >= requiredHeap();
    }

    /** Acquires a permit. Runs {@code granted} immediately or later on the thread that releases a permit. */
    void acquire(Runnable granted) {
        synchronized (this) {
            if (permits == 0) {
                waiters.add(granted);
                return;
            }
            permits--;
        }
        granted.run();
    }

    /** Returns a permit. */
    void release() {
        Runnable next;
        synchronized (this) {
            next = waiters.poll();
            if (next == null) {
                permits++;
                return;
            }
        }
        next.run();
    }
}

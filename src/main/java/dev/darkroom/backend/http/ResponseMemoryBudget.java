package dev.darkroom.backend.http;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The memory that answers of AI servers may take in this process. Every call may hold a small answer. Of those that hold
 * more there are never more than a few at once; the others wait, in the order in which they came, and do not read on
 * meanwhile. A call needs one permit for all that it reads and keeps it until all of that is let go of, so that nobody
 * waits for somebody who waits.
 *
 * <p>What is bounded by this, and the numbers: docs/decisions/0013. Thread-safe.
 */
public final class ResponseMemoryBudget {
    private static final int MIB = 1 << 20;

    /** More would not be small. */
    private static final int MAX_PERMIT_FREE_BYTES = 8 * MIB;

    /** What the rest of a process needs, generously. */
    private static final long BASE_BYTES = 64L * MIB;

    /** What a connection has in its buffers. */
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
     * @param heap the largest size of the heap in bytes
     * @param calls how many calls are made at once, at least 1
     * @param largest how many bytes one call may read
     */
    public ResponseMemoryBudget(long heap, int calls, int largest) {
        this.heapBytes = heap;
        this.calls = calls;
        this.maxBytesPerCall = largest;
        this.permitFreeBytes = (int) Math.min(MAX_PERMIT_FREE_BYTES, heap / 8 / calls);
        this.maxPermits = (int) Math.max(1, Math.min(calls, heap / 4 / largest));
        this.permits = maxPermits;
    }

    /** How many bytes one call may hold, its permit in hand. */
    int maxBytesPerCall() {
        return maxBytesPerCall;
    }

    /** How many bytes a call may hold without a permit. */
    int permitFreeBytes() {
        return permitFreeBytes;
    }

    /**
     * The heap in bytes with which it cannot run out, whatever AI servers answer. An answer and the pictures that are read
     * from it take at most seven quarters of the answer.
     */
    public long requiredHeap() {
        return BASE_BYTES
                + BYTES_PER_CONNECTION * calls
                + ((long) permitFreeBytes * calls + (long) maxBytesPerCall * maxPermits) * 7 / 4;
    }

    /** Whether the heap is as large as needed. */
    public boolean isHeapSufficient() {
        return heapBytes >= requiredHeap();
    }

    /** Asks for a permit; {@code granted} runs when it is there, at once or on the thread that gives one back. */
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

    /** Gives a permit back. */
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

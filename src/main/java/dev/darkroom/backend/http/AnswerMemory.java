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
public final class AnswerMemory {
    private static final int MIB = 1 << 20;

    /** More would not be small. */
    private static final int LARGEST_SMALL = 8 * MIB;

    /** What the rest of a process needs, generously. */
    private static final long REST = 64L * MIB;

    /** What a connection has in its buffers. */
    private static final long CONNECTION = MIB / 8;

    private final long heap;
    private final int calls;
    private final int largest;
    private final int small;
    private final int atOnce;

    // Guarded by this.
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int permits;

    /**
     * @param heap the largest size of the heap in bytes
     * @param calls how many calls are made at once, at least 1
     * @param largest how many bytes one call may read
     */
    public AnswerMemory(long heap, int calls, int largest) {
        this.heap = heap;
        this.calls = calls;
        this.largest = largest;
        this.small = (int) Math.min(LARGEST_SMALL, heap / 8 / calls);
        this.atOnce = (int) Math.max(1, Math.min(calls, heap / 4 / largest));
        this.permits = atOnce;
    }

    /** How many bytes one call may hold, its permit in hand. */
    int largest() {
        return largest;
    }

    /** How many bytes a call may hold without a permit. */
    int small() {
        return small;
    }

    /**
     * The heap in bytes with which it cannot run out, whatever AI servers answer. An answer and the pictures that are read
     * from it take at most seven quarters of the answer.
     */
    public long needed() {
        return REST + CONNECTION * calls + ((long) small * calls + (long) largest * atOnce) * 7 / 4;
    }

    /** Whether the heap is as large as needed. */
    public boolean suffices() {
        return heap >= needed();
    }

    /** Asks for a permit; {@code granted} runs when it is there, at once or on the thread that gives one back. */
    void acquire(Runnable granted) {
        synchronized (this) {
            if (permits == 0) {
                waiting.add(granted);
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
            next = waiting.poll();
            if (next == null) {
                permits++;
                return;
            }
        }
        next.run();
    }
}

package dev.darkroom.api;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that bodies of requests may take together while they arrive. Callers may be many and may dawdle, and how many
 * there are is not up to us. Small bodies are free, so that those who send large ones slowly keep only others like
 * themselves from being served. Thread-safe.
 */
final class BodyMemory {
    /** One for the process, as is the heap. A buffer that grows may be twice as large as what it holds. */
    static final BodyMemory SHARED = new BodyMemory(Runtime.getRuntime().maxMemory() / 16);

    /** In bytes; more than a prompt usually takes. */
    static final int SMALL = 16 * 1024;

    private final AtomicLong left;

    BodyMemory(long bytes) {
        left = new AtomicLong(bytes);
    }

    /** Takes room for a body that grows; whether there was some. */
    boolean grow(int from, int to) {
        int more = charged(to) - charged(from);
        if (left.addAndGet(-more) >= 0) {
            return true;
        }
        left.addAndGet(more);
        return false;
    }

    /** Gives back what a body had taken. */
    void release(int size) {
        left.addAndGet(charged(size));
    }

    private static int charged(int size) {
        return size <= SMALL ? 0 : size;
    }
}

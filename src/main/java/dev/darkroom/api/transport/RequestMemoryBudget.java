package dev.darkroom.api.transport;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that bodies of requests may take together while they arrive. Callers may be many and may dawdle, and how many
 * there are is not up to us. Small bodies are free, so that those who send large ones slowly keep only others like
 * themselves from being served. Thread-safe.
 */
final class RequestMemoryBudget {
    /** One for the process, as is the heap. A buffer that grows may be twice as large as what it holds. */
    static final RequestMemoryBudget SHARED =
            new RequestMemoryBudget(Runtime.getRuntime().maxMemory() / 16);

    /** In bytes; more than a prompt usually takes. */
    static final int FREE_BYTES = 16 * 1024;

    private final AtomicLong available;

    RequestMemoryBudget(long bytes) {
        available = new AtomicLong(bytes);
    }

    /** Takes room for a body that grows; whether there was some. */
    boolean tryGrow(int from, int to) {
        int more = chargedBytes(to) - chargedBytes(from);
        if (available.addAndGet(-more) >= 0) {
            return true;
        }
        available.addAndGet(more);
        return false;
    }

    /** Gives back what a body had taken. */
    void release(int size) {
        available.addAndGet(chargedBytes(size));
    }

    private static int chargedBytes(int size) {
        return size <= FREE_BYTES ? 0 : size;
    }
}

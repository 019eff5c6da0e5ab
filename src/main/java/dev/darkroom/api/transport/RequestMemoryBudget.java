package dev.darkroom.api.transport;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the memory of all request bodies that are being received. The server does not control the number of clients or their speed. Small
 * bodies are free, so clients that send large bodies slowly block only other large bodies. Thread-safe.
 */
final class RequestMemoryBudget {
    /** Budget of the process. A growing buffer may take twice the size of its content. */
    static final RequestMemoryBudget SHARED =
            new RequestMemoryBudget(Runtime.getRuntime().maxMemory() / 16);

    /** Maximum size of a free body in bytes; above the size of a usual prompt. */
    static final int FREE_BYTES = 16 * 1024;

    private final AtomicLong available;

    RequestMemoryBudget(long bytes) {
        available = new AtomicLong(bytes);
    }

    /** Reserves memory for a growing body. Returns false when the budget is exhausted. */
    boolean tryGrow(int oldSize, int newSize) {
        int more = chargedBytes(newSize) - chargedBytes(oldSize);
        if (available.addAndGet(-more) >= 0) {
            return true;
        }
        available.addAndGet(more);
        return false;
    }

    /** Releases the memory of a body. */
    void release(int size) {
        available.addAndGet(chargedBytes(size));
    }

    private static int chargedBytes(int size) {
        return size <= FREE_BYTES ? 0 : size;
    }
}

package dev.darkroom.api.body;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.transport.ByteBudget;

/** Reservation of memory for the body of one request. Not thread-safe. */
public final class RequestBodyMemory {
    /** Part of the heap for all large bodies that are being received. A growing buffer may take twice the size of its content. */
    public static final int HEAP_DIVISOR = 16;

    static final long CAPACITY = Runtime.getRuntime().maxMemory() / HEAP_DIVISOR;
    private static final ByteBudget ALL = new ByteBudget(CAPACITY);

    /** Size up to which a body does not count, so that clients that send large bodies slowly block only other large bodies. */
    private static final int FREE_BYTES = 16 * 1024;

    private long reserved;

    RequestBodyMemory() {}

    /**
     * Rejects a body that never fits into the memory of this process.
     *
     * @throws Problem with status 413
     */
    static void checkSize(long bytes) {
        if (bytes > CAPACITY) {
            throw Problem.tooLarge(
                    413, "The memory of the service permits at most " + CAPACITY + " bytes for the body or one file.");
        }
    }

    /**
     * Changes the reservation to the size of a body.
     *
     * @throws Problem without a change: with status 413 as {@link #checkSize}, with status 503 when other bodies use the memory
     */
    void resize(long bytes) {
        checkSize(bytes);
        long wanted = bytes <= FREE_BYTES ? 0 : bytes;
        if (!ALL.tryReserve(wanted - reserved)) {
            throw Problem.unavailable();
        }
        reserved = wanted;
    }

    /** Ends the reservation. Further calls have no effect. */
    void release() {
        ALL.release(reserved);
        reserved = 0;
    }
}

package dev.darkroom.api.body;

import dev.darkroom.api.transport.ByteBudget;

/** Reservation of memory for the body of one request. Not thread-safe. */
final class RequestBodyMemory {
    /** Memory of all large bodies that are being received. A growing buffer may take twice the size of its content. */
    private static final ByteBudget ALL = new ByteBudget(Runtime.getRuntime().maxMemory() / 16);

    /** Size up to which a body does not count, so that clients that send large bodies slowly block only other large bodies. */
    private static final int FREE_BYTES = 16 * 1024;

    private long reserved;

    /**
     * Changes the reservation to that of a body of this size.
     *
     * @return false, without a change, when all bodies together would exceed their limit
     */
    boolean tryResize(long bytes) {
        long wanted = bytes <= FREE_BYTES ? 0 : bytes;
        if (!ALL.tryReserve(wanted - reserved)) {
            return false;
        }
        reserved = wanted;
        return true;
    }

    /** Ends the reservation. Further calls have no effect. */
    void release() {
        ALL.release(reserved);
        reserved = 0;
    }
}

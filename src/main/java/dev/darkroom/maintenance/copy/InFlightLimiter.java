package dev.darkroom.maintenance.copy;

/** Limits the number and the size of images in flight. Thread-safe. */
final class InFlightLimiter {
    private final int maxCount;
    private final long maxBytes;
    private int count;
    private long bytes;

    InFlightLimiter(int maxCount, long maxBytes) {
        this.maxCount = maxCount;
        this.maxBytes = maxBytes;
    }

    /** Waits until there is room for an image. An image that is too large waits until no other is in flight. */
    synchronized void acquire(long size) throws InterruptedException {
        while (count == maxCount || count > 0 && bytes + size > maxBytes) {
            wait();
        }
        count++;
        bytes += size;
    }

    synchronized void release(long size) {
        count--;
        bytes -= size;
        notifyAll();
    }
}

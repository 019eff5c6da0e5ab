package dev.darkroom.api.transport;

import java.util.concurrent.atomic.AtomicLong;

/** Limits a number of bytes in use, and rejects what exceeds it. Thread-safe. */
final class ByteBudget {
    private final long capacity;
    private final AtomicLong used = new AtomicLong();

    ByteBudget(long capacity) {
        this.capacity = capacity;
    }

    /** Reserves bytes. Returns false, and reserves none, when they exceed the rest. */
    boolean tryReserve(long bytes) {
        long before;
        do {
            before = used.get();
            if (before + bytes > capacity) {
                return false;
            }
        } while (!used.compareAndSet(before, before + bytes));
        return true;
    }

    void release(long bytes) {
        used.addAndGet(-bytes);
    }

    long used() {
        return used.get();
    }

    long capacity() {
        return capacity;
    }
}

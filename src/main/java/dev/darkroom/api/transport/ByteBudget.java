package dev.darkroom.api.transport;

import java.util.concurrent.atomic.AtomicLong;

/** Limits a number of bytes in use, and rejects what exceeds it. Thread-safe. */
public final class ByteBudget {
    private final long capacity;
    private final AtomicLong used = new AtomicLong();

    public ByteBudget(long capacity) {
        this.capacity = capacity;
    }

    /** Reserves bytes. Returns false, and reserves none, when they exceed the rest. */
    public boolean tryReserve(long bytes) {
        long before = used.getAndUpdate(now -> now + bytes > capacity ? now : now + bytes);
        return before + bytes <= capacity;
    }

    public void release(long bytes) {
        used.addAndGet(-bytes);
    }

    long used() {
        return used.get();
    }

    long capacity() {
        return capacity;
    }
}

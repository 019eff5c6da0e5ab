package dev.darkroom.api.transport;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the bytes that wait to be sent on all accepted connections of a process together. Anonymous connections may use half of it.
 *
 * <p>When a write does not fit, connections are aborted until it does: anonymous ones before others, and of these the largest ones of the
 * address or user that holds the most. So the peers that do not read pay, and others are served. Thread-safe.
 */
public final class UnsentByteBudget {
    /** One scan of all connections frees a sixteenth of the budget at least, so that scans stay rare. */
    private static final int MIN_FREED_DIVISOR = 16;

    private final long capacity;
    private final long anonymousCapacity;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong anonymousUsed = new AtomicLong();
    private final Set<UnsentByteTracker> trackers = ConcurrentHashMap.newKeySet();
    private final RateLimitedWarning warning =
            new RateLimitedWarning("connections aborted, unsent bytes reached the limit");

    /** @param capacity in bytes */
    public UnsentByteBudget(long capacity) {
        this.capacity = capacity;
        this.anonymousCapacity = capacity / 2;
    }

    /** Returns the bytes that wait now, never more than the capacity. */
    public long used() {
        return used.get();
    }

    /** Returns the part of {@link #used} that anonymous connections hold. */
    public long anonymousUsed() {
        return anonymousUsed.get();
    }

    public long capacity() {
        return capacity;
    }

    void register(UnsentByteTracker account) {
        trackers.add(account);
    }

    void unregister(UnsentByteTracker account) {
        trackers.remove(account);
    }

    /**
     * Takes bytes for an account, at the cost of others if need be.
     *
     * @return false when the account itself has to give way; it is closed then
     */
    boolean reserve(UnsentByteTracker account, long bytes) {
        while (!tryReserve(bytes, account.isAnonymous())) {
            if (!abortToFree(account, bytes)) {
                return false;
            }
        }
        return true;
    }

    void release(long bytes, boolean anonymous) {
        used.addAndGet(-bytes);
        if (anonymous) {
            anonymousUsed.addAndGet(-bytes);
        }
    }

    /** Moves bytes of a connection whose user is known from now on. */
    void transferFromAnonymous(long bytes) {
        anonymousUsed.addAndGet(-bytes);
    }

    private boolean tryReserve(long bytes, boolean anonymous) {
        if (anonymous && !tryReserve(anonymousUsed, bytes, anonymousCapacity)) {
            return false;
        }
        if (tryReserve(used, bytes, capacity)) {
            return true;
        }
        if (anonymous) {
            anonymousUsed.addAndGet(-bytes);
        }
        return false;
    }

    private static boolean tryReserve(AtomicLong counter, long bytes, long limit) {
        long before;
        do {
            before = counter.get();
            if (before + bytes > limit) {
                return false;
            }
        } while (!counter.compareAndSet(before, before + bytes));
        return true;
    }

    /** Aborts connections of the largest holder; false when the account in want of bytes was one of them. */
    private synchronized boolean abortToFree(UnsentByteTracker wanting, long bytes) {
        if (!wanting.isAnonymous() && abortLargest(true, wanting, bytes) > 0) {
            return true;
        }
        boolean freed = abortLargest(wanting.isAnonymous(), wanting, bytes) > 0;
        if (!freed) {
            // It wants more than there is.
            wanting.abort();
        }
        return freed && !wanting.isClosed();
    }

    /** Returns the bytes that were freed. */
    private long abortLargest(boolean anonymous, UnsentByteTracker wanting, long bytes) {
        long wanted = bytes + capacity / MIN_FREED_DIVISOR;
        long freed = 0;
        for (UnsentByteTracker victim : trackersOfLargestOwner(anonymous, wanting, bytes)) {
            if (freed >= wanted) {
                break;
            }
            freed += victim.abort();
            warning.log("address", victim.address());
        }
        return freed;
    }

    /** Returns the accounts of the address or user that holds the most, the largest first. */
    private List<UnsentByteTracker> trackersOfLargestOwner(boolean anonymous, UnsentByteTracker wanting, long bytes) {
        // What each holds changes meanwhile; sorting needs values that do not.
        Map<UnsentByteTracker, Long> held = new HashMap<>();
        Map<String, Long> sums = new HashMap<>();
        for (UnsentByteTracker account : trackers) {
            long bytesOfAccount = account.reservedBytes() + (account == wanting ? bytes : 0);
            if (account.isAnonymous() == anonymous && bytesOfAccount > 0) {
                held.put(account, bytesOfAccount);
                sums.merge(account.ownerKey(), bytesOfAccount, Long::sum);
            }
        }
        String largest = sums.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
        List<UnsentByteTracker> sorted = new ArrayList<>();
        for (UnsentByteTracker account : held.keySet()) {
            if (account.ownerKey().equals(largest)) {
                sorted.add(account);
            }
        }
        sorted.sort(Comparator.comparing(held::get, Comparator.reverseOrder()));
        return sorted;
    }
}

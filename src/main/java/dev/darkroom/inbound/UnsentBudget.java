package dev.darkroom.inbound;

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
public final class UnsentBudget {
    /** One scan of all connections frees a sixteenth of the budget at least, so that scans stay rare. */
    private static final int PARTS_FREED_AT_ONCE = 16;

    private final long capacity;
    private final long anonymousCapacity;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong anonymousUsed = new AtomicLong();
    private final Set<UnsentAccount> accounts = ConcurrentHashMap.newKeySet();
    private final RareWarning warning = new RareWarning("connections aborted, unsent bytes reached the limit");

    /** @param capacity in bytes */
    public UnsentBudget(long capacity) {
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

    void add(UnsentAccount account) {
        accounts.add(account);
    }

    void remove(UnsentAccount account) {
        accounts.remove(account);
    }

    /**
     * Takes bytes for an account, at the cost of others if need be.
     *
     * @return false when the account itself has to give way; it is closed then
     */
    boolean reserve(UnsentAccount account, long bytes) {
        while (!take(bytes, account.anonymous())) {
            if (!makeRoom(account, bytes)) {
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
    void moveToKnown(long bytes) {
        anonymousUsed.addAndGet(-bytes);
    }

    private boolean take(long bytes, boolean anonymous) {
        if (anonymous && !take(anonymousUsed, bytes, anonymousCapacity)) {
            return false;
        }
        if (take(used, bytes, capacity)) {
            return true;
        }
        if (anonymous) {
            anonymousUsed.addAndGet(-bytes);
        }
        return false;
    }

    private static boolean take(AtomicLong counter, long bytes, long limit) {
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
    private synchronized boolean makeRoom(UnsentAccount wanting, long bytes) {
        if (!wanting.anonymous() && abortLargest(true, wanting, bytes) > 0) {
            return true;
        }
        boolean freed = abortLargest(wanting.anonymous(), wanting, bytes) > 0;
        if (!freed) {
            // It wants more than there is.
            wanting.abort();
        }
        return freed && !wanting.isClosed();
    }

    /** Returns the bytes that were freed. */
    private long abortLargest(boolean anonymous, UnsentAccount wanting, long bytes) {
        long wanted = bytes + capacity / PARTS_FREED_AT_ONCE;
        long freed = 0;
        for (UnsentAccount victim : largestHolder(anonymous, wanting, bytes)) {
            if (freed >= wanted) {
                break;
            }
            freed += victim.abort();
            warning.log("address", victim.address());
        }
        return freed;
    }

    /** Returns the accounts of the address or user that holds the most, the largest first. */
    private List<UnsentAccount> largestHolder(boolean anonymous, UnsentAccount wanting, long bytes) {
        // What each holds changes meanwhile; sorting needs values that do not.
        Map<UnsentAccount, Long> held = new HashMap<>();
        Map<String, Long> sums = new HashMap<>();
        for (UnsentAccount account : accounts) {
            long bytesOfAccount = account.held() + (account == wanting ? bytes : 0);
            if (account.anonymous() == anonymous && bytesOfAccount > 0) {
                held.put(account, bytesOfAccount);
                sums.merge(account.holder(), bytesOfAccount, Long::sum);
            }
        }
        String largest = sums.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
        List<UnsentAccount> sorted = new ArrayList<>();
        for (UnsentAccount account : held.keySet()) {
            if (account.holder().equals(largest)) {
                sorted.add(account);
            }
        }
        sorted.sort(Comparator.comparing(held::get, Comparator.reverseOrder()));
        return sorted;
    }
}

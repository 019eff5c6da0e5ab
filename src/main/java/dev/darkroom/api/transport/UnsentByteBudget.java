package dev.darkroom.api.transport;

import dev.darkroom.telemetry.RateLimitedWarning;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * Limits the unsent bytes of all accepted connections of a process together. Anonymous connections may use half of the budget.
 *
 * <p>When a write does not fit, connections are aborted until it does: anonymous connections before identified ones, and in each group the
 * largest connections of the address or user with the most unsent bytes. So peers that do not read lose their connections, and the others
 * are served. Thread-safe.
 */
public final class UnsentByteBudget {
    /** One scan of all connections frees at least a sixteenth of the budget, so scans stay rare. */
    private static final int MIN_FREED_DIVISOR = 16;

    private final ByteBudget all;

    /** Part of {@link #all} that anonymous connections may use. */
    private final ByteBudget anonymous;

    private final Set<UnsentByteTracker> trackers = ConcurrentHashMap.newKeySet();
    private final RateLimitedWarning warning = new RateLimitedWarning(
            LoggerFactory.getLogger(UnsentByteBudget.class), "connection aborted, unsent byte limit reached");

    /** @param capacity in bytes */
    public UnsentByteBudget(long capacity) {
        this.all = new ByteBudget(capacity);
        this.anonymous = new ByteBudget(capacity / 2);
    }

    /** Returns the current number of unsent bytes, never more than the capacity. */
    public long used() {
        return all.used();
    }

    /** Returns the unsent bytes of anonymous connections, a part of {@link #used}. */
    public long anonymousUsed() {
        return anonymous.used();
    }

    public long capacity() {
        return all.capacity();
    }

    void register(UnsentByteTracker tracker) {
        trackers.add(tracker);
    }

    void unregister(UnsentByteTracker tracker) {
        trackers.remove(tracker);
    }

    /**
     * Reserves bytes for a connection, and aborts other connections when the budget is exhausted.
     *
     * @return false when the connection itself was aborted; its tracker is then closed
     */
    boolean reserve(UnsentByteTracker tracker, long bytes) {
        while (!tryReserve(bytes, tracker.isAnonymous())) {
            if (!abortToFree(tracker, bytes)) {
                return false;
            }
        }
        return true;
    }

    void release(long bytes, boolean ofAnonymous) {
        all.release(bytes);
        if (ofAnonymous) {
            anonymous.release(bytes);
        }
    }

    /** Moves the bytes of a connection out of the anonymous part after its user is identified. */
    void transferFromAnonymous(long bytes) {
        anonymous.release(bytes);
    }

    private boolean tryReserve(long bytes, boolean forAnonymous) {
        if (forAnonymous && !anonymous.tryReserve(bytes)) {
            return false;
        }
        if (all.tryReserve(bytes)) {
            return true;
        }
        if (forAnonymous) {
            anonymous.release(bytes);
        }
        return false;
    }

    /** Aborts connections of the largest owner. Returns false when the requesting connection was one of them. */
    private synchronized boolean abortToFree(UnsentByteTracker requester, long bytes) {
        if (!requester.isAnonymous() && abortLargest(true, requester, bytes) > 0) {
            return true;
        }
        boolean freed = abortLargest(requester.isAnonymous(), requester, bytes) > 0;
        if (!freed) {
            // The requested bytes exceed the budget on their own.
            requester.abort();
        }
        return freed && !requester.isClosed();
    }

    /** Returns the bytes that were freed. */
    private long abortLargest(boolean ofAnonymous, UnsentByteTracker requester, long bytes) {
        long target = bytes + capacity() / MIN_FREED_DIVISOR;
        long freed = 0;
        for (UnsentByteTracker tracker : trackersOfLargestOwner(ofAnonymous, requester, bytes)) {
            if (freed >= target) {
                break;
            }
            freed += tracker.abort();
            warning.log("address", tracker.address());
        }
        return freed;
    }

    /** Returns the trackers of the address or user with the most unsent bytes, the largest first. */
    private List<UnsentByteTracker> trackersOfLargestOwner(
            boolean ofAnonymous, UnsentByteTracker requester, long bytes) {
        // Copies the sizes: they change concurrently, and sorting needs stable values.
        record Sized(UnsentByteTracker tracker, long bytes) {}
        Map<String, List<Sized>> byOwner = trackers.stream()
                .filter(tracker -> tracker.isAnonymous() == ofAnonymous)
                .map(tracker -> new Sized(tracker, tracker.reservedBytes() + (tracker == requester ? bytes : 0)))
                .filter(sized -> sized.bytes() > 0)
                .collect(Collectors.groupingBy(sized -> sized.tracker().ownerKey()));
        return byOwner.values().stream()
                .max(Comparator.comparingLong(
                        owned -> owned.stream().mapToLong(Sized::bytes).sum()))
                .orElse(List.of())
                .stream()
                .sorted(Comparator.comparingLong(Sized::bytes).reversed())
                .map(Sized::tracker)
                .toList();
    }
}

package dev.darkroom.node;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * This process among its like: which identity it may act under right now. Shared by the verticles of the process;
 * thread-safe. Kept up to date by {@link NodeHeartbeatVerticle}.
 *
 * <p>A node trusts its identity only for a while after the last good heartbeat, by its own monotonic clock and shorter than
 * the database waits. So a process that cannot reach the database stops its work before anybody else may take it over.
 */
public final class LocalNode {
    private final LongSupplier nanoClock;
    private final List<Runnable> lostHandlers = new ArrayList<>();
    private UUID id;
    private long validUntil;
    private boolean draining;
    private long rejectedResults;
    private volatile Throughput throughput = Throughput.NONE;
    private volatile boolean clockStable = true;

    /**
     * How much this process works at once, and how long that takes.
     *
     * @param concurrency AI calls at once; 0 when it makes none now
     * @param attemptMillis how long its attempts take, null until it has seen some end
     */
    public record Throughput(int concurrency, Long attemptMillis) {
        /** Of a process that does no work. */
        static final Throughput NONE = new Throughput(0, null);
    }

    /** @param nanoClock monotonic, in nanoseconds */
    public LocalNode(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** The identity under which work may be claimed; empty while there is none to be trusted, and while draining. */
    public synchronized Optional<UUID> claimingId() {
        return draining ? Optional.empty() : validId();
    }

    /** The identity whose leases may still be ended; empty while there is none to be trusted. */
    public synchronized Optional<UUID> validId() {
        return id != null && nanoClock.getAsLong() - validUntil < 0 ? Optional.of(id) : Optional.empty();
    }

    /** True from the moment the process is told to stop. */
    public synchronized boolean draining() {
        return draining;
    }

    /** Stops claiming, at once and for good. */
    public synchronized void drain() {
        draining = true;
    }

    /** Counts a result that was not recorded, because its lease was no longer ours. */
    public synchronized void recordRejectedResult() {
        rejectedResults++;
    }

    /** How many results were refused since the start of the process. */
    public synchronized long rejectedResults() {
        return rejectedResults;
    }

    /** Runs {@code handler} whenever the identity is lost: work done under it must be broken off and not recorded. */
    public synchronized void onIdentityLost(Runnable handler) {
        lostHandlers.add(handler);
    }

    /** Tells others with the next heartbeat how fast this process works. */
    public void reportThroughput(Throughput measured) {
        throughput = measured;
    }

    /** False from the moment at which a step of the database's clock was noticed, until a heartbeat finds none. */
    public boolean clockStable() {
        return clockStable;
    }

    void clockStable(boolean steady) {
        clockStable = steady;
    }

    /** As last reported, never null. */
    Throughput throughput() {
        return throughput;
    }

    /** Now, by the clock that decides about trust. */
    long nanoTime() {
        return nanoClock.getAsLong();
    }

    /** The identity was confirmed by a heartbeat that was sent at {@code sentAt}, see {@link #nanoTime()}. */
    synchronized void confirm(UUID confirmed, long sentAt, long trustNanos) {
        id = confirmed;
        validUntil = sentAt + trustNanos;
    }

    /** Forgets the identity and tells those who worked under it. */
    void invalidate() {
        List<Runnable> handlers;
        synchronized (this) {
            if (id == null) {
                return;
            }
            id = null;
            handlers = List.copyOf(lostHandlers);
        }
        handlers.forEach(Runnable::run);
    }

    /** How it stands, in the form in which the contract tells it. */
    public synchronized JsonObject toJson() {
        JsonObject json = new JsonObject();
        validId().ifPresent(trusted -> json.put("id", trusted.toString()));
        return json.put("draining", draining).put("refusedResults", rejectedResults);
    }

    /** The identity as last confirmed, whether it may still be trusted or not. */
    synchronized Optional<UUID> lastConfirmedId() {
        return Optional.ofNullable(id);
    }
}

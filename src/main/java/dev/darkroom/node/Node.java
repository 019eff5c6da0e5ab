package dev.darkroom.node;

import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * This process among its like: which identity it may act under right now. Shared by the verticles of the process;
 * thread-safe. Kept up to date by {@link NodeVerticle}.
 *
 * <p>A node trusts its identity only for a while after the last good heartbeat, by its own monotonic clock and shorter than
 * the database waits. So a process that cannot reach the database stops its work before anybody else may take it over.
 */
public final class Node {
    private final LongSupplier nanoClock;
    private final List<Runnable> lostHandlers = new ArrayList<>();
    private UUID id;
    private long trustedUntil;
    private boolean draining;
    private long refusedResults;
    private volatile Pace pace = Pace.NONE;
    private volatile boolean clockSteady = true;

    /**
     * How much this process works at once, and how long that takes.
     *
     * @param concurrency AI calls at once; 0 when it makes none now
     * @param attemptMillis how long its attempts take, null until it has seen some end
     */
    public record Pace(int concurrency, Long attemptMillis) {
        /** Of a process that does no work. */
        static final Pace NONE = new Pace(0, null);
    }

    /** @param nanoClock monotonic, in nanoseconds */
    public Node(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** The identity under which work may be claimed; empty while there is none to be trusted, and while draining. */
    public synchronized Optional<UUID> claimant() {
        return draining ? Optional.empty() : trusted();
    }

    /** The identity whose leases may still be ended; empty while there is none to be trusted. */
    public synchronized Optional<UUID> trusted() {
        return id != null && nanoClock.getAsLong() - trustedUntil < 0 ? Optional.of(id) : Optional.empty();
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
    public synchronized void resultRefused() {
        refusedResults++;
    }

    /** How many results were refused since the start of the process. */
    public synchronized long refusedResults() {
        return refusedResults;
    }

    /** Runs {@code handler} whenever the identity is lost: work done under it must be broken off and not recorded. */
    public synchronized void onLost(Runnable handler) {
        lostHandlers.add(handler);
    }

    /** Tells others with the next heartbeat how fast this process works. */
    public void report(Pace measured) {
        pace = measured;
    }

    /** False from the moment at which a step of the database's clock was noticed, until a heartbeat finds none. */
    public boolean clockSteady() {
        return clockSteady;
    }

    void clockSteady(boolean steady) {
        clockSteady = steady;
    }

    /** As last reported, never null. */
    Pace pace() {
        return pace;
    }

    /** Now, by the clock that decides about trust. */
    long now() {
        return nanoClock.getAsLong();
    }

    /** The identity was confirmed by a heartbeat that was sent at {@code sentAt}, see {@link #now()}. */
    synchronized void confirm(UUID confirmed, long sentAt, long trustNanos) {
        id = confirmed;
        trustedUntil = sentAt + trustNanos;
    }

    /** Forgets the identity and tells those who worked under it. */
    void lose() {
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
        trusted().ifPresent(trusted -> json.put("id", trusted.toString()));
        return json.put("draining", draining).put("refusedResults", refusedResults);
    }

    /** The identity as last confirmed, whether it may still be trusted or not. */
    synchronized Optional<UUID> lastKnown() {
        return Optional.ofNullable(id);
    }
}

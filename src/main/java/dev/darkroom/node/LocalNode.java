package dev.darkroom.node;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Identity of this process as a node, and its validity. Shared by the verticles of the process; thread-safe. {@link
 * NodeHeartbeatVerticle} keeps it up to date.
 *
 * <p>The identity is valid only for a limited time after the last successful heartbeat. This time is measured by the monotonic clock of
 * the process and is shorter than the expiry in the database. So a process without a database connection stops its attempts before
 * another process may reclaim them.
 */
public final class LocalNode {
    private final UUID processId = UUID.randomUUID();
    private final LongSupplier nanoClock;
    private final DatabaseTime databaseTime;
    private final List<Runnable> lostHandlers = new ArrayList<>();
    private UUID id;
    private long validUntil;
    private boolean draining;
    private long rejectedResults;
    private long identityLosses;
    /** Time of the last confirmed heartbeat; null before the first one. */
    private Long confirmedAt;

    private volatile Throughput throughput = Throughput.NONE;
    private volatile Supplier<JsonArray> backendStates = JsonArray::new;
    private volatile boolean clockStable = true;

    /**
     * Throughput of this process.
     *
     * @param concurrency number of concurrent backend calls; 0 when the process makes none now
     * @param attemptMillis average duration of an attempt in milliseconds; null before the first one has ended
     */
    public record Throughput(int concurrency, Long attemptMillis) {
        /** Throughput of a process that makes no attempts. */
        static final Throughput NONE = new Throughput(0, null);
    }

    /** @param nanoClock monotonic, in nanoseconds */
    public LocalNode(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.databaseTime = new DatabaseTime(nanoClock);
    }

    /** Returns the id of this process, which stays the same when the process registers again with another node id. */
    public UUID processId() {
        return processId;
    }

    /** Returns the estimate of the database clock, which heartbeats update. */
    public DatabaseTime databaseTime() {
        return databaseTime;
    }

    /** Returns the node id for claims; empty without a valid identity and while draining. */
    public synchronized Optional<UUID> claimingId() {
        return draining ? Optional.empty() : validId();
    }

    /** Returns the node id under which outcomes may be recorded; empty without a valid identity. */
    public synchronized Optional<UUID> validId() {
        return id != null && nanoClock.getAsLong() - validUntil < 0 ? Optional.of(id) : Optional.empty();
    }

    /** Returns whether {@link #drain} was called. */
    public synchronized boolean draining() {
        return draining;
    }

    /** Stops claims immediately and permanently. */
    public synchronized void drain() {
        draining = true;
    }

    /** Counts a result that was not recorded because its lease was lost. */
    public synchronized void recordRejectedResult() {
        rejectedResults++;
    }

    /** Number of results that were rejected since the start of the process. */
    public synchronized long rejectedResults() {
        return rejectedResults;
    }

    /** Number of times that the identity was lost since the start of the process. */
    synchronized long identityLosses() {
        return identityLosses;
    }

    /** Returns the time since the last confirmed heartbeat was sent; empty before the first one. */
    synchronized Optional<Duration> heartbeatAge() {
        return confirmedAt == null
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(nanoClock.getAsLong() - confirmedAt));
    }

    /** Adds a handler that runs when the identity is lost. It must abort the attempts made under that identity without recording them. */
    public synchronized void onIdentityLost(Runnable handler) {
        lostHandlers.add(handler);
    }

    /** Sets the throughput that the next heartbeat stores. */
    public void reportThroughput(Throughput measured) {
        throughput = measured;
    }

    /**
     * Sets the source of the backend states that each heartbeat stores.
     *
     * @param states called on the event loop of the heartbeats; returns an object for each backend of this process
     */
    public void reportBackends(Supplier<JsonArray> states) {
        backendStates = states;
    }

    /** False from the detection of a database clock step until a heartbeat without one. */
    public boolean clockStable() {
        return clockStable;
    }

    void clockStable(boolean stable) {
        clockStable = stable;
    }

    /** Returns the throughput as last reported, never null. */
    Throughput throughput() {
        return throughput;
    }

    /** Returns the current state of each backend; empty when the process calls none. */
    JsonArray backendStates() {
        return backendStates.get();
    }

    /** Returns the time of the clock that decides about validity, in nanoseconds. */
    long nanoTime() {
        return nanoClock.getAsLong();
    }

    /**
     * Sets the identity after a successful heartbeat.
     *
     * @param sentAt {@link #nanoTime()} at which the heartbeat was sent; the validity counts from it
     */
    synchronized void confirm(UUID confirmed, long sentAt, long validNanos) {
        id = confirmed;
        validUntil = sentAt + validNanos;
        confirmedAt = sentAt;
    }

    /** Clears the identity and runs the handlers of {@link #onIdentityLost}. Does nothing without an identity. */
    void invalidate() {
        List<Runnable> handlers;
        synchronized (this) {
            if (id == null) {
                return;
            }
            id = null;
            identityLosses++;
            handlers = List.copyOf(lostHandlers);
        }
        handlers.forEach(Runnable::run);
    }

    /** Returns the state of the node in the form of the OpenAPI contract. */
    public synchronized JsonObject toJson() {
        JsonObject json = new JsonObject();
        validId().ifPresent(valid -> json.put("id", valid.toString()));
        return json.put("draining", draining).put("rejectedResults", rejectedResults);
    }

    /** Returns the node id as last confirmed, whether it is still valid or not. */
    synchronized Optional<UUID> lastConfirmedId() {
        return Optional.ofNullable(id);
    }
}

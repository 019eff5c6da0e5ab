package dev.darkroom.queue;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.function.LongSupplier;

/**
 * Counts the running attempts of a process and those that may start soon, so that concurrent statements do not lease more jobs than the
 * process can run. Thread-safe.
 */
final class AttemptCapacity {
    /** Age from which a reservation does not count. Its connection is probably silent, and others must not wait until it is closed. */
    static final Duration MAX_RESERVATION_AGE = Duration.ofSeconds(10);

    private final IntUnaryOperator freeBeside;
    private final LongSupplier nanoClock;

    // Guarded by this.
    private final Set<Reservation> openReservations = new HashSet<>();
    private int running;
    private boolean closed;

    /**
     * @param freeBeside returns how many attempts may start beside a number of running ones; may be negative; thread-safe
     * @param nanoClock monotonic, in nanoseconds
     */
    AttemptCapacity(IntUnaryOperator freeBeside, LongSupplier nanoClock) {
        this.freeBeside = freeBeside;
        this.nanoClock = nanoClock;
    }

    /**
     * Capacity for the leases that a statement returns.
     *
     * @param count maximum number of leases, 0 when there is no capacity
     * @param reservedAt in nanoseconds
     * @param end completed by {@link AttemptCapacity#end}
     */
    record Reservation(int count, long reservedAt, Promise<Void> end) {}

    /** Returns how many attempts can be reserved now. */
    synchronized int free() {
        long now = nanoClock.getAsLong();
        int reserved = openReservations.stream()
                .filter(reservation -> now - reservation.reservedAt < MAX_RESERVATION_AGE.toNanos())
                .mapToInt(Reservation::count)
                .sum();
        return closed ? 0 : Math.max(0, freeBeside.applyAsInt(running) - reserved);
    }

    /** Reserves up to {@code max} attempts. A reservation of at least one must be ended. */
    synchronized Reservation reserve(int max) {
        Reservation reservation = new Reservation(Math.min(max, free()), nanoClock.getAsLong(), Promise.promise());
        if (reservation.count > 0) {
            openReservations.add(reservation);
        }
        return reservation;
    }

    /** Opens a reservation for attempts that need no free capacity. It must be ended. */
    synchronized Reservation reserveExempt() {
        Reservation reservation = new Reservation(0, nanoClock.getAsLong(), Promise.promise());
        openReservations.add(reservation);
        return reservation;
    }

    /** Ends a reservation of which {@code started} attempts are running now. */
    void end(Reservation reservation, int started) {
        synchronized (this) {
            running += started;
            openReservations.remove(reservation);
        }
        reservation.end.complete();
    }

    synchronized void endAttempt() {
        running--;
    }

    /** Rejects all later reservations. */
    synchronized void close() {
        closed = true;
    }

    /** Returns whether nothing runs and nothing is reserved. */
    synchronized boolean isUnused() {
        return running == 0 && openReservations.isEmpty();
    }

    /** Completes when the reservations that are open now have ended. */
    synchronized Future<?> openReservationsEnd() {
        return Future.join(openReservations.stream()
                .map(reservation -> reservation.end.future())
                .toList());
    }
}

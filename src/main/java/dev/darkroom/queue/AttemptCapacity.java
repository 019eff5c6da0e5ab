package dev.darkroom.queue;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * Counts the running attempts of a process and those that may start soon, so that concurrent statements do not lease more jobs than the
 * process can run. Thread-safe.
 */
final class AttemptCapacity {
    private final IntUnaryOperator freeBeside;

    // Guarded by this.
    private final Set<Future<?>> openReservations = new HashSet<>();
    private int running;
    private int reserved;
    private boolean closed;

    /** @param freeBeside returns how many attempts may start beside a number of running ones; may be negative; thread-safe */
    AttemptCapacity(IntUnaryOperator freeBeside) {
        this.freeBeside = freeBeside;
    }

    /**
     * Capacity that a statement may use.
     *
     * @param count maximum number of leases, 0 when there is no capacity
     * @param reservedAt {@link System#nanoTime()} of the reservation
     * @param end completed by {@link #end}
     */
    record Reservation(int count, long reservedAt, Promise<Void> end) {}

    /** Returns how many attempts can be reserved now. */
    synchronized int free() {
        return closed ? 0 : Math.max(0, freeBeside.applyAsInt(running) - reserved);
    }

    /** Reserves up to {@code max} attempts. */
    synchronized Reservation reserve(int max) {
        Reservation reservation = new Reservation(Math.min(max, free()), System.nanoTime(), Promise.promise());
        if (reservation.count > 0) {
            reserved += reservation.count;
            openReservations.add(reservation.end.future());
        }
        return reservation;
    }

    /** Ends a reservation of which {@code started} attempts are running now. */
    void end(Reservation reservation, int started) {
        synchronized (this) {
            reserved -= reservation.count;
            running += started;
            openReservations.remove(reservation.end.future());
        }
        reservation.end.complete();
    }

    synchronized void endAttempt() {
        running--;
    }

    /** Permits no more reservations. */
    synchronized void close() {
        closed = true;
    }

    /** Returns whether nothing runs and nothing is reserved. */
    synchronized boolean isUnused() {
        return running + reserved == 0;
    }

    /** Completes when the reservations that are open now have ended. */
    synchronized Future<?> openReservationsEnd() {
        return Future.join(List.copyOf(openReservations));
    }
}

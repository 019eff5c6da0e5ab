package dev.darkroom.generation;

import dev.darkroom.queue.StartReservation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Connects submissions with the worker of their process, so that the statement that stores a generation may also lease it to this node.
 * An idle service then calls the AI server after one commit. Shared by the verticles of a process; thread-safe.
 */
public final class ImmediateStart {
    private volatile IntFunction<Optional<Permission>> worker = max -> Optional.empty();

    /**
     * Permission to lease generations when they are stored.
     *
     * @param reservation capacity of the worker; must be ended
     * @param backend name of the backend that the worker calls
     * @param attemptTimeout maximum duration of an attempt
     */
    public record Permission(StartReservation<GenerationLease> reservation, String backend, Duration attemptTimeout) {

        /**
         * Ends the reservation and starts the first attempts.
         *
         * @param leased generations that were leased when they were stored; none after a failure
         * @param deadline maximum time from the acceptance of a generation to its end
         * @param elapsed duration of the response, by which the durations of the leases are shortened
         */
        public void start(List<Generation> leased, Duration deadline, Duration elapsed) {
            Duration timeLeft = deadline.minus(elapsed);
            Duration timeout = attemptTimeout.minus(elapsed);
            reservation
                    .start()
                    .accept(leased.stream()
                            .map(generation -> GenerationLease.first(
                                    generation,
                                    reservation.nodeId(),
                                    timeout.compareTo(timeLeft) < 0 ? timeout : timeLeft,
                                    timeLeft))
                            .toList());
        }
    }

    /**
     * Sets the worker of this process. Without one there is no permission.
     *
     * @param permissions returns a permission for up to a number of generations, empty without free capacity; called on any thread
     */
    public void connect(IntFunction<Optional<Permission>> permissions) {
        worker = permissions;
    }

    /** Returns the permission to lease up to {@code max} generations; empty without free capacity. */
    public Optional<Permission> request(int max) {
        return worker.apply(max);
    }
}

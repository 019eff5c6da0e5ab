package dev.darkroom.generation;

import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.queue.StartReservation;
import dev.darkroom.telemetry.TraceContext;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Connects submissions with the worker of their process, so that the statement that stores a generation may also lease it to this node.
 * An idle service then calls the AI server after one commit. Shared by the verticles of a process; thread-safe.
 */
public final class ImmediateStart {
    private volatile Function<Map<String, Integer>, Optional<Permission>> worker = counts -> Optional.empty();

    /**
     * Permission to lease generations when they are stored.
     *
     * @param reservation capacity of the worker; must be ended
     * @param offer at most as many slots as the reservation has
     */
    public record Permission(StartReservation<GenerationLease> reservation, RouteOffer offer) {
        /**
         * Generation that was leased when it was stored.
         *
         * @param trace of its acceptance; null without tracing
         */
        public record Started(Generation generation, RouteOffer.Slot slot, TraceContext trace) {}

        /**
         * Ends the reservation and starts the first attempts.
         *
         * @param leased generations that were leased when they were stored; none after a failure
         * @param deadline maximum time from the acceptance of a generation to its end
         * @param elapsed duration of the response, by which the durations of the leases are shortened
         */
        public void start(List<Started> leased, Duration deadline, Duration elapsed) {
            Duration timeLeft = deadline.minus(elapsed);
            reservation
                    .start()
                    .accept(leased.stream()
                            .map(started -> {
                                Duration timeout =
                                        timeoutOf(started.slot().backend()).minus(elapsed);
                                return GenerationLease.first(
                                        started.generation(),
                                        started.slot(),
                                        reservation.nodeId(),
                                        timeout.compareTo(timeLeft) < 0 ? timeout : timeLeft,
                                        timeLeft,
                                        started.trace());
                            })
                            .toList());
        }

        /** Returns the maximum duration of an attempt at a backend of the offer. */
        public Duration timeoutOf(String backend) {
            return offer.backends().stream()
                    .filter(state -> state.name().equals(backend))
                    .findFirst()
                    .orElseThrow()
                    .timeout();
        }
    }

    /**
     * Sets the worker of this process. Without one there is no permission.
     *
     * @param permissions returns a permission for up to a number of generations per route, empty without free capacity; called on any
     *     thread
     */
    public void connect(Function<Map<String, Integer>, Optional<Permission>> permissions) {
        worker = permissions;
    }

    /** Returns the permission to lease up to a number of generations per route; empty without free capacity. */
    public Optional<Permission> request(Map<String, Integer> counts) {
        return worker.apply(counts);
    }
}

package dev.darkroom.generation.route;

import java.time.Duration;
import java.util.List;

/**
 * AI servers for the generations that one statement leases. Immutable.
 *
 * @param slots in the order in which generations of the same route get them
 * @param backends all configured AI servers
 */
public record RouteOffer(List<Slot> slots, List<BackendState> backends) {
    /** Offers nothing. */
    public static final RouteOffer NONE = new RouteOffer(List.of(), List.of());

    public RouteOffer {
        slots = List.copyOf(slots);
        backends = List.copyOf(backends);
    }

    /**
     * Permission for one generation.
     *
     * @param route key of the model in the queue
     * @param alternative backend for a generation after an attempt that failed at {@code backend}; null when there is none
     */
    public record Slot(String route, String backend, String alternative, BackendSelection selection) {}

    /**
     * State of an AI server.
     *
     * @param permits maximum number of generations that may be leased for it, over all routes
     * @param timeout maximum duration of an attempt
     * @param lookUp whether generations with an earlier submission there may be leased, to look it up
     * @param givenUp whether earlier submissions there are given up, so that another AI server may make the generation
     */
    public record BackendState(String name, int permits, Duration timeout, boolean lookUp, boolean givenUp) {}
}

package dev.darkroom.generation.store;

import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.generation.route.RouteOffer.BackendState;
import dev.darkroom.generation.route.RouteOffer.Slot;
import io.vertx.sqlclient.Tuple;
import java.util.function.Function;
import java.util.function.IntFunction;

/** Offers as parameters of statements: one array per column. */
final class RouteOfferParameters {
    private RouteOfferParameters() {}

    /** Adds route, backend, alternative and selection of the slots. */
    static Tuple addSlots(Tuple values, RouteOffer offer) {
        return values.addValue(slots(offer, Slot::route))
                .addValue(slots(offer, Slot::backend))
                .addValue(slots(offer, Slot::alternative))
                .addValue(slots(offer, slot -> slot.selection().name()));
    }

    /** Adds name, permits, timeout, look-up and given up of the backends. */
    static Tuple addBackends(Tuple values, RouteOffer offer) {
        return values.addValue(backends(offer, String[]::new, BackendState::name))
                .addValue(backends(offer, Integer[]::new, BackendState::permits))
                .addValue(backends(
                        offer, Long[]::new, backend -> backend.timeout().toMillis()))
                .addValue(backends(offer, Boolean[]::new, BackendState::lookUp))
                .addValue(backends(offer, Boolean[]::new, BackendState::givenUp));
    }

    /** Returns one column of the slots. */
    static String[] slots(RouteOffer offer, Function<Slot, String> value) {
        return offer.slots().stream().map(value).toArray(String[]::new);
    }

    private static <T> T[] backends(RouteOffer offer, IntFunction<T[]> newArray, Function<BackendState, T> value) {
        return offer.backends().stream().map(value).toArray(newArray);
    }
}

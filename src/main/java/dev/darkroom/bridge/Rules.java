package dev.darkroom.bridge;

import dev.darkroom.access.Caller;
import dev.darkroom.access.FailedLoginLimiter;
import dev.darkroom.access.Refused;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;

/**
 * What all bridges of a process go by.
 *
 * @param addresses what may be listened to
 * @param doorkeeper tells who somebody is by the Authorization header, as {@code Doorkeeper.admit}
 * @param failures limits wrong credentials of each address
 * @param round how often is looked whether a client still speaks, and still may listen
 */
record Rules(
        Set<String> addresses,
        Function<String, Future<Caller>> doorkeeper,
        FailedLoginLimiter failures,
        Places places,
        Duration round) {

    /** Verifies what a client presents that is about to listen. Wrong credentials count against its address. */
    Future<Caller> admit(String authorization, String address) {
        return authorization == null
                ? doorkeeper.apply(null)
                : failures.limit(address, () -> doorkeeper.apply(authorization), Refused::isWrongCredential);
    }

    /** Verifies once more what a client presented that listens already. */
    Future<Caller> revalidate(String authorization) {
        return doorkeeper.apply(authorization);
    }
}

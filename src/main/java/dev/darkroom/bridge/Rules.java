package dev.darkroom.bridge;

import dev.darkroom.access.Caller;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.Set;
import java.util.function.Function;

/**
 * What all bridges of a process go by.
 *
 * @param addresses what may be listened to
 * @param doorkeeper tells who somebody is by the Authorization header, as {@code Doorkeeper.admit}
 * @param round how often is looked whether a client still speaks, and still may listen
 */
record Rules(Set<String> addresses, Function<String, Future<Caller>> doorkeeper, Places places, Duration round) {

    Future<Caller> admit(String authorization) {
        return doorkeeper.apply(authorization);
    }
}

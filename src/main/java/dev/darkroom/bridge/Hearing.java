package dev.darkroom.bridge;

import dev.darkroom.access.Caller;
import dev.darkroom.access.Role;
import io.vertx.core.json.JsonObject;

/** Who hears which event. */
final class Hearing {
    private Hearing() {}

    /**
     * A user hears what names them. An admin hears everything. What names nobody is for admins, and for whoever is at a service
     * that asks nobody who they are.
     */
    static boolean allowed(Caller caller, JsonObject event) {
        if (caller.role() == Role.ADMIN) {
            return true;
        }
        Object user = event.getValue("user");
        return user == null ? caller.equals(Caller.LOCAL) : caller.user().equals(user);
    }
}

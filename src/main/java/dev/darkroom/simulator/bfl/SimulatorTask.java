package dev.darkroom.simulator.bfl;

import io.vertx.core.json.JsonObject;
import java.util.UUID;

/** A task. Mutable; used on one event loop. */
final class SimulatorTask {
    private static final double PROGRESS = 0.5;

    private final String id = UUID.randomUUID().toString();
    private String status = "Pending";
    private JsonObject result;
    private JsonObject details;

    String id() {
        return id;
    }

    boolean ended() {
        return !status.equals("Pending");
    }

    void succeed(JsonObject value) {
        status = "Ready";
        result = value;
    }

    /** @param reason may be null */
    void fail(String newStatus, JsonObject reason) {
        status = newStatus;
        details = reason;
    }

    /** Returns the response to a poll. */
    JsonObject toJson() {
        return new JsonObject()
                .put("id", id)
                .put("status", status)
                .put("result", result)
                .put("progress", ended() ? null : PROGRESS)
                .put("details", details)
                .put("preview", null);
    }
}

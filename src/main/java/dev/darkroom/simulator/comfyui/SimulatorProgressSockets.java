package dev.darkroom.simulator.comfyui;

import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;

/** The open WebSockets by client id. An event of a job goes to the client that submitted it. Used on one event loop. */
final class SimulatorProgressSockets {
    private final Map<String, ServerWebSocket> sockets = new HashMap<>();

    /**
     * Adds a socket, which replaces one with the same client id.
     *
     * @param status data of the first event
     */
    void add(String clientId, ServerWebSocket socket, JsonObject status) {
        sockets.put(clientId, socket);
        socket.closeHandler(closed -> sockets.remove(clientId, socket));
        socket.exceptionHandler(failure -> {});
        write(socket, "status", status.copy().put("sid", clientId));
    }

    /** Sends an event to the client of a job. Adds the id of the job to the data. */
    void send(SimulatorJob job, String type, JsonObject data) {
        ServerWebSocket socket = sockets.get(job.clientId());
        if (socket != null) {
            write(socket, type, data.copy().put("prompt_id", job.id()));
        }
    }

    /** Sends a {@code status} event to all clients. */
    void sendToAll(JsonObject status) {
        sockets.values().forEach(socket -> write(socket, "status", status));
    }

    private static void write(ServerWebSocket socket, String type, JsonObject data) {
        // Drops events of a client that does not read.
        if (!socket.isClosed() && !socket.writeQueueFull()) {
            socket.writeTextMessage(
                    new JsonObject().put("type", type).put("data", data).encode());
        }
    }
}

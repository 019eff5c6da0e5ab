package dev.darkroom.telemetry.vertx;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Roles of the HTTP servers of a process, by their ports. Servers without a role are not measured. Thread-safe. */
public final class HttpServerRoles {
    private final Map<Integer, String> rolesByPort = new ConcurrentHashMap<>();

    /** Measures the server on a port from now on. */
    public void register(int port, String role) {
        rolesByPort.put(port, role);
    }

    Optional<String> find(int port) {
        return Optional.ofNullable(rolesByPort.get(port));
    }
}

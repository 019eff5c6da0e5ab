package dev.darkroom.telemetry;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Roles of the HTTP servers of a process, by their ports. Thread-safe. */
final class HttpServerRoles {
    /** Role of a server that is not registered. The bundled simulator is the only one. */
    static final String UNKNOWN = "UNKNOWN";

    private final Map<Integer, String> rolesByPort = new ConcurrentHashMap<>();

    void register(int port, String role) {
        rolesByPort.put(port, role);
    }

    /** Returns the role of a server by its listening address, such as {@code 0.0.0.0:8080}. */
    String roleOf(String address) {
        return rolesByPort.getOrDefault(Integer.parseInt(address.substring(address.lastIndexOf(':') + 1)), UNKNOWN);
    }
}

package dev.darkroom.telemetry;

/**
 * Roles of the HTTP servers of a process, by their configured ports.
 *
 * @param apiPort 0 for a free port
 * @param managementPort 0 for a free port
 */
public record HttpServerRoles(int apiPort, int managementPort) {
    static final String SIMULATOR = "SIMULATOR";

    private static final String API = "API";

    private static final String MANAGEMENT = "MANAGEMENT";

    /** Returns the role of a server by its listening address, such as {@code 0.0.0.0:8080}. */
    String roleOf(String address) {
        int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
        // Instances of the API that share a free port listen on port -1.
        if (port == apiPort || port < 0) {
            return API;
        }
        return port == managementPort ? MANAGEMENT : SIMULATOR;
    }
}

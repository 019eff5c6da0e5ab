package dev.darkroom.server;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;

/** Translates failures to bind a port into messages that name the setting. */
final class BindErrors {
    private BindErrors() {}

    /**
     * Returns a {@link StartupException} when the address or the port cannot be bound, and {@code failure} itself otherwise.
     *
     * @param variablePrefix prefix of the environment variables of host and port, such as {@code DARKROOM_HTTP}
     */
    static Exception translate(Exception failure, String variablePrefix, String host, int port) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return hostNotLocal(variablePrefix, host);
            }
            if (cause instanceof BindException) {
                // Only the message of the operating system distinguishes a foreign address from a port in use.
                String reason = String.valueOf(cause.getMessage());
                if (reason.contains("assign")) {
                    return hostNotLocal(variablePrefix, host);
                }
                return new StartupException(
                        variablePrefix + "_PORT: expected a port that is free and may be bound, got " + port + " on "
                                + host + " (" + reason + ")");
            }
        }
        return failure;
    }

    /**
     * Checks that a port can be bound, for libraries whose own error is a long stack trace. Blocks for a few milliseconds.
     *
     * @param variablePrefix as in {@link #translate}
     * @throws StartupException when the port cannot be bound
     */
    static void requireFreePort(String variablePrefix, String host, int port) throws Exception {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(host))) {
            socket.close();
        } catch (IOException e) {
            throw translate(e, variablePrefix, host, port);
        }
    }

    private static StartupException hostNotLocal(String variablePrefix, String host) {
        return new StartupException(variablePrefix + "_HOST: expected an address of this machine, got \"" + host + '"');
    }
}

package dev.darkroom.server;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;

/** What to say when a port cannot be listened on. */
final class BindErrors {
    private BindErrors() {}

    /**
     * The failure in one line when it is about the address; the failure itself otherwise.
     *
     * @param settings what the names of the settings of the port and the host begin with, such as {@code DARKROOM_HTTP}
     */
    static Exception translate(Exception failure, String settings, String host, int port) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return hostNotLocal(settings, host);
            }
            if (cause instanceof BindException) {
                // The operating system's words are all there is to tell these apart by.
                String reason = String.valueOf(cause.getMessage());
                if (reason.contains("assign")) {
                    return hostNotLocal(settings, host);
                }
                return new StartupException(
                        settings + "_PORT: expected a port that is free and may be listened on, got " + port + " on "
                                + host + " (" + reason + ")");
            }
        }
        return failure;
    }

    /**
     * Makes sure that a port can be listened on, for those who would only say so at length. Blocking, for a moment.
     *
     * @param settings as in {@link #translate}
     */
    static void requireFreePort(String settings, String host, int port) throws Exception {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName(host))) {
            socket.close();
        } catch (IOException e) {
            throw translate(e, settings, host, port);
        }
    }

    private static StartupException hostNotLocal(String settings, String host) {
        return new StartupException(settings + "_HOST: expected an address of this machine, got \"" + host + '"');
    }
}

package dev.darkroom;

import java.net.BindException;

/** What to say when a port cannot be listened on. */
final class Ports {
    private Ports() {}

    /** The failure in one line when it is about the address; the failure itself otherwise. */
    static Exception explain(Exception failure, String setting, String host, int port) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException || cause instanceof java.nio.channels.UnresolvedAddressException) {
                return new StartException(setting + ": cannot listen on " + host + ":" + port
                        + ", the address is in use or not of this machine; set another one");
            }
        }
        return failure;
    }
}

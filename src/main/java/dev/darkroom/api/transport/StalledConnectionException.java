package dev.darkroom.api.transport;

import java.io.IOException;

/** The connection was aborted because its peer does not read. */
public final class StalledConnectionException extends IOException {
    private static final long serialVersionUID = 1L;

    StalledConnectionException() {
        super("connection aborted, peer does not read");
    }
}

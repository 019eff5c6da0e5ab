package dev.darkroom.access;

import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Ends connections at once, and with them what was not sent yet. The library's own {@code close} sends that first, so that a
 * connection whose other side does not read would stay, with all that waits in it. From any thread.
 */
public final class CutOff {
    private CutOff() {}

    public static void of(HttpConnection connection) {
        if (connection instanceof ConnectionBase base) {
            cut(base);
        } else {
            connection.close();
        }
    }

    public static void of(NetSocket socket) {
        if (socket instanceof ConnectionBase base) {
            cut(base);
        } else {
            socket.close();
        }
    }

    /** From where the library's handler stands towards the wire, so that it does not get to hear of it before it is done. */
    private static void cut(ConnectionBase connection) {
        connection.channelHandlerContext().close();
    }
}

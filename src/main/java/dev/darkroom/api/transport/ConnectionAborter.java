package dev.darkroom.api.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Closes connections at once and discards unsent data. The {@code close} methods of Vert.x and Netty flush first, so a connection with a
 * peer that does not read would stay open and keep its buffers. Thread-safe.
 */
public final class ConnectionAborter {
    private ConnectionAborter() {}

    /** Aborts a connection, also after its upgrade to a WebSocket. */
    public static void abort(HttpConnection connection) {
        closeFromHead(channel(connection));
    }

    /** Aborts a connection that was accepted or opened with Netty itself. */
    public static void abort(Channel channel) {
        closeFromHead(channel);
    }

    /** Returns whether the unread data has filled the write buffer of the connection. */
    public static boolean isWriteBlocked(HttpConnection connection) {
        return !channel(connection).isWritable();
    }

    /** Returns the channel of a connection, through an internal class: the public API of Vert.x has no access to it. */
    public static Channel channel(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }

    /** Closes from the handler next to the socket. The other handlers, TLS among them, would send a closing message first. */
    private static void closeFromHead(Channel channel) {
        ChannelHandlerContext head = channel.pipeline().firstContext();
        // A closed channel has no handlers.
        if (head != null) {
            head.close();
        }
    }
}

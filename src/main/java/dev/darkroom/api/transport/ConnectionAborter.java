package dev.darkroom.api.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Ends connections at once, and with them what was not sent yet. The library's own {@code close} sends that first, so that a
 * connection whose other side does not read would stay, with all that waits in it. From any thread.
 */
public final class ConnectionAborter {
    private ConnectionAborter() {}

    /** Also once it has become a WebSocket. */
    public static void abort(HttpConnection connection) {
        closeFromHead(channel(connection));
    }

    /** The channel of a connection that was accepted or opened with Netty itself. */
    public static void abort(Channel channel) {
        closeFromHead(channel);
    }

    /** Whether the other side has left so much unread that the connection as a whole takes no more. */
    public static boolean isWriteBlocked(HttpConnection connection) {
        return !channel(connection).isWritable();
    }

    /** Returns the channel of a connection. The library hides it, and has no other way to it. */
    public static Channel channel(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }

    /** From the handler that is next to the wire: each before it, TLS too, would send its farewell first. */
    private static void closeFromHead(Channel channel) {
        ChannelHandlerContext nextToTheWire = channel.pipeline().firstContext();
        // A channel that has closed meanwhile has none any more.
        if (nextToTheWire != null) {
            nextToTheWire.close();
        }
    }
}

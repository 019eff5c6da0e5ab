package dev.darkroom.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.handler.timeout.IdleStateHandler;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;

/**
 * Netty channels below the connections of Vert.x. Closes them at once: the {@code close} methods of Vert.x and Netty flush first, so a
 * connection with a peer that does not read would stay open and keep its buffers. Thread-safe.
 *
 * <p>The public API of Vert.x has no access to a channel. This class alone uses the internal one. Reasons: docs/decisions/0038.
 */
public final class NettyChannels {
    private NettyChannels() {}

    /** Returns the channel of a connection of an HTTP server or client. */
    public static Channel of(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }

    /** Returns the channel of a TCP socket. */
    public static Channel of(NetSocket socket) {
        return ((ConnectionBase) socket).channel();
    }

    /** Restarts the idle timeout of a connection, if it has one. Must be called on the event loop of the connection. */
    public static void resetIdleTimeout(HttpConnection connection) {
        IdleStateHandler idleTimeout = of(connection).pipeline().get(IdleStateHandler.class);
        if (idleTimeout != null) {
            idleTimeout.resetReadTimeout();
            idleTimeout.resetWriteTimeout();
        }
    }

    /** Closes a connection without flushing, also after its upgrade to a WebSocket. */
    public static void abort(HttpConnection connection) {
        abort(of(connection));
    }

    /** Closes a channel without flushing. Starts below its handlers: TLS among them would send a closing message. */
    public static void abort(Channel channel) {
        ChannelHandlerContext head = channel.pipeline().firstContext();
        // A closed channel has no handlers.
        if (head != null) {
            head.close();
        }
    }

    /** Closes a channel like {@link #abort(Channel)}, with a TCP reset (RST), so that the kernel does not wait for the peer either. */
    public static void reset(Channel channel) {
        resetOnClose(channel);
        abort(channel);
    }

    /** Makes closing a channel send a TCP reset. */
    public static void resetOnClose(Channel channel) {
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
    }
}

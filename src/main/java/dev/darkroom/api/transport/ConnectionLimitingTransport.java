package dev.darkroom.api.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.vertx.core.transport.Transport;
import java.util.List;

/** NIO transport with server sockets that pass each accepted connection to {@link InboundConnectionLimiter} before Vert.x handles it. */
record ConnectionLimitingTransport(InboundConnectionLimiter connections) implements Transport {
    @Override
    public String name() {
        return NIO.name();
    }

    @Override
    public boolean available() {
        return true;
    }

    @Override
    public Throwable unavailabilityCause() {
        return null;
    }

    @Override
    public io.vertx.core.spi.transport.Transport implementation() {
        return new LimitingTransportSpi(NIO.implementation(), connections);
    }

    private record LimitingTransportSpi(io.vertx.core.spi.transport.Transport nio, InboundConnectionLimiter connections)
            implements io.vertx.core.spi.transport.Transport {
        @Override
        public IoHandlerFactory ioHandlerFactory() {
            return nio.ioHandlerFactory();
        }

        @Override
        public DatagramChannel datagramChannel() {
            return nio.datagramChannel();
        }

        @Override
        @SuppressWarnings("deprecation") // Required by the interface.
        public DatagramChannel datagramChannel(InternetProtocolFamily family) {
            return nio.datagramChannel(family);
        }

        @Override
        public ChannelFactory<? extends Channel> channelFactory(boolean domainSocket) {
            return nio.channelFactory(domainSocket);
        }

        @Override
        public ChannelFactory<? extends ServerChannel> serverChannelFactory(boolean domainSocket) {
            return domainSocket ? nio.serverChannelFactory(true) : () -> new LimitedServerChannel(connections);
        }
    }

    private static final class LimitedServerChannel extends NioServerSocketChannel {
        private final InboundConnectionLimiter connections;

        private LimitedServerChannel(InboundConnectionLimiter connections) {
            this.connections = connections;
        }

        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            int before = accepted.size();
            int count = super.doReadMessages(accepted);
            for (int i = accepted.size() - 1; i >= before; i--) {
                Channel channel = (Channel) accepted.get(i);
                if (!connections.tryAccept(localAddress(), channel)) {
                    accepted.remove(i);
                    channel.unsafe().closeForcibly();
                }
            }
            // Closed connections count as read: more may follow.
            return count;
        }
    }
}

package dev.darkroom.inbound;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.InternetProtocolFamily;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.vertx.core.transport.Transport;
import java.util.List;

/** The NIO transport, with server sockets that ask {@link InboundConnections} about each connection before anything else sees it. */
final class InboundTransport implements Transport {
    private final InboundConnections connections;

    InboundTransport(InboundConnections connections) {
        this.connections = connections;
    }

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
        return new Implementation(NIO.implementation(), connections);
    }

    private record Implementation(io.vertx.core.spi.transport.Transport nio, InboundConnections connections)
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
        @SuppressWarnings("deprecation") // The interface asks for it.
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
        private final InboundConnections connections;

        private LimitedServerChannel(InboundConnections connections) {
            this.connections = connections;
        }

        @Override
        protected int doReadMessages(List<Object> accepted) throws Exception {
            int before = accepted.size();
            int count = super.doReadMessages(accepted);
            for (int i = accepted.size() - 1; i >= before; i--) {
                Channel channel = (Channel) accepted.get(i);
                if (!connections.admit(localAddress(), channel)) {
                    accepted.remove(i);
                    channel.unsafe().closeForcibly();
                }
            }
            // What was closed was read all the same: there may be more.
            return count;
        }
    }
}

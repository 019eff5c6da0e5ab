package dev.darkroom.inbound;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;

/**
 * Stands next to the socket of one connection. Measures what waits in its channel, and reads nothing while the channel is full: a peer
 * that makes us write and does not read gets no further.
 */
final class OutboundMonitor extends ChannelDuplexHandler {
    private final UnsentAccount account;
    private boolean readPostponed;

    OutboundMonitor(UnsentAccount account) {
        this.account = account;
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (context.channel().isWritable()) {
            context.read();
        } else {
            readPostponed = true;
        }
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        context.flush();
        account.measure();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        account.measure();
        if (readPostponed && context.channel().isWritable()) {
            readPostponed = false;
            context.read();
        }
        context.fireChannelWritabilityChanged();
    }
}

package dev.darkroom.inbound;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;

/**
 * Stands next to the socket of one connection. Measures what waits in its channel, and reads nothing while the channel is full: a peer
 * that makes us write and does not read gets no further.
 *
 * <p>Reading is switched by the channel's option autoRead, which Vert.x switches too. While the channel is full it stays off, and what
 * Vert.x wants is kept for later.
 */
final class OutboundMonitor extends ChannelDuplexHandler {
    private final UnsentAccount account;
    private boolean full;

    /** What autoRead has to be when the channel is no longer full. */
    private boolean autoReadLater;

    /** Whether somebody asked for one read meanwhile. */
    private boolean readLater;

    /** While Vert.x decides whether it wants more: it does not switch off what is off. */
    private boolean asking;

    OutboundMonitor(UnsentAccount account) {
        this.account = account;
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        context.flush();
        account.measure();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        account.measure();
        if (context.channel().isWritable()) {
            resume(context);
        } else {
            pause(context);
        }
        context.fireChannelWritabilityChanged();
    }

    private void pause(ChannelHandlerContext context) {
        if (!full) {
            full = true;
            autoReadLater = context.channel().config().isAutoRead();
            context.channel().config().setAutoRead(false);
        }
    }

    private void resume(ChannelHandlerContext context) {
        if (full) {
            full = false;
            asking = false;
            boolean once = readLater;
            readLater = false;
            if (autoReadLater) {
                context.channel().config().setAutoRead(true);
            } else if (once) {
                context.read();
            }
        }
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (!full) {
            context.read();
        } else if (!asking) {
            readLater = true;
            if (context.channel().config().isAutoRead()) {
                autoReadLater = true;
                context.channel().config().setAutoRead(false);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!full || !autoReadLater) {
            context.fireChannelReadComplete();
            return;
        }
        asking = true;
        context.channel().config().setAutoRead(true);
        context.fireChannelReadComplete();
        // Not if the channel has had room meanwhile, and perhaps is full again.
        if (asking) {
            asking = false;
            autoReadLater = context.channel().config().isAutoRead();
            context.channel().config().setAutoRead(false);
        }
    }
}

package dev.darkroom.api.transport;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;

/**
 * Stands next to the socket of one connection. Measures what waits in its channel, and reads nothing while the channel is full: a peer
 * that makes us write and does not read gets no further.
 *
 * <p>Reading is switched by the channel's option autoRead, which Vert.x switches too. While the channel is full it stays off, and what
 * Vert.x wants is kept for later.
 */
final class WriteBackpressureHandler extends ChannelDuplexHandler {
    private final UnsentByteTracker tracker;
    private boolean channelFull;

    /** What autoRead has to be when the channel is no longer full. */
    private boolean restoreAutoRead;

    /** Whether somebody asked for one read meanwhile. */
    private boolean readRequested;

    /** While Vert.x decides whether it wants more: it does not switch off what is off. */
    private boolean probingDemand;

    WriteBackpressureHandler(UnsentByteTracker account) {
        this.tracker = account;
    }

    @Override
    public void flush(ChannelHandlerContext context) {
        context.flush();
        tracker.measureChannel();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        tracker.measureChannel();
        if (context.channel().isWritable()) {
            resume(context);
        } else {
            pause(context);
        }
        context.fireChannelWritabilityChanged();
    }

    private void pause(ChannelHandlerContext context) {
        if (!channelFull) {
            channelFull = true;
            restoreAutoRead = context.channel().config().isAutoRead();
            context.channel().config().setAutoRead(false);
        }
    }

    private void resume(ChannelHandlerContext context) {
        if (channelFull) {
            channelFull = false;
            probingDemand = false;
            boolean once = readRequested;
            readRequested = false;
            if (restoreAutoRead) {
                context.channel().config().setAutoRead(true);
            } else if (once) {
                context.read();
            }
        }
    }

    @Override
    public void read(ChannelHandlerContext context) {
        if (!channelFull) {
            context.read();
        } else if (!probingDemand) {
            readRequested = true;
            if (context.channel().config().isAutoRead()) {
                restoreAutoRead = true;
                context.channel().config().setAutoRead(false);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!channelFull || !restoreAutoRead) {
            context.fireChannelReadComplete();
            return;
        }
        probingDemand = true;
        context.channel().config().setAutoRead(true);
        context.fireChannelReadComplete();
        // Not if the channel has had room meanwhile, and perhaps is full again.
        if (probingDemand) {
            probingDemand = false;
            restoreAutoRead = context.channel().config().isAutoRead();
            context.channel().config().setAutoRead(false);
        }
    }
}

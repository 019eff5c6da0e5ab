package dev.darkroom.api.transport;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;

/**
 * Channel handler next to the socket of one connection. Measures the unsent bytes in the channel and stops reading while the channel is
 * full: a peer that does not read cannot cause further writes.
 *
 * <p>Controls reading with the channel option autoRead, which Vert.x sets too. While the channel is full the option stays off, and the
 * handler stores the value that Vert.x sets.
 */
final class WriteBackpressureHandler extends ChannelDuplexHandler {
    private final UnsentByteTracker tracker;
    private boolean channelFull;

    /** Value of autoRead to set when the channel is no longer full. */
    private boolean restoreAutoRead;

    /** Whether a single read was requested while the channel was full. */
    private boolean readRequested;

    /** Set while autoRead is on for Vert.x to decide about further reads: Vert.x does not switch off an option that is off. */
    private boolean probingDemand;

    WriteBackpressureHandler(UnsentByteTracker tracker) {
        this.tracker = tracker;
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
            boolean readOnce = readRequested;
            readRequested = false;
            if (restoreAutoRead) {
                context.channel().config().setAutoRead(true);
            } else if (readOnce) {
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
        // False when the channel became writable meanwhile: resume() has then set autoRead.
        if (probingDemand) {
            probingDemand = false;
            restoreAutoRead = context.channel().config().isAutoRead();
            context.channel().config().setAutoRead(false);
        }
    }
}

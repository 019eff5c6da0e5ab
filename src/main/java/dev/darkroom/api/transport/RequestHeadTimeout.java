package dev.darkroom.api.transport;

import dev.darkroom.netty.NettyChannels;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.ScheduledFuture;
import io.vertx.core.http.HttpConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Closes connections with a request head that does not end in time. The idle timeout misses a peer that sends a byte now and then. Over
 * HTTP/1.1 the time starts with the first byte of each head. Over HTTP/2 it starts with each frame, and with each header block including
 * its continuations. On a new connection it covers the TLS handshake and the HTTP/2 preface.
 */
public final class RequestHeadTimeout {
    private static final AttributeKey<Boolean> CONNECTED_KEY = AttributeKey.valueOf(RequestHeadTimeout.class, "known");

    private RequestHeadTimeout() {}

    /** Watches an accepted channel, before Vert.x adds its handlers. */
    static void watchAccepted(Channel channel, Duration timeout) {
        channel.pipeline().addLast("firstBytes", new ProtocolDetector(timeout));
    }

    /** Watches a connection of an HTTP server; for its connection handler. */
    public static void watchConnected(HttpConnection connection, Duration timeout) {
        watchConnected(NettyChannels.of(connection), timeout);
    }

    static void watchConnected(Channel channel, Duration timeout) {
        channel.attr(CONNECTED_KEY).set(true);
        ChannelPipeline pipeline = channel.pipeline();
        ChannelHandlerContext decoder = pipeline.context(HttpRequestDecoder.class);
        if (decoder != null) {
            Http1HeadTimeout headTimeout = new Http1HeadTimeout(timeout);
            pipeline.addBefore(decoder.name(), "requestHeadBytes", headTimeout);
            pipeline.addAfter(decoder.name(), "requestHeads", new Http1HeadObserver(headTimeout));
        }
    }

    /** Closes a channel when a timer expires. For the event loop of the channel. */
    private abstract static class TimeoutHandler extends ChannelInboundHandlerAdapter {
        private final Duration timeout;
        private ScheduledFuture<?> timer;

        TimeoutHandler(Duration timeout) {
            this.timeout = timeout;
        }

        final Duration timeout() {
            return timeout;
        }

        /** Starts the timer, unless it is running. */
        final void start(ChannelHandlerContext context) {
            if (timer == null) {
                timer = context.executor().schedule(() -> expire(context), timeout.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        final void stop() {
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
        }

        private void expire(ChannelHandlerContext context) {
            timer = null;
            if (!context.channel().config().isAutoRead()) {
                // The server does not read, so the peer may have sent the rest in time.
                start(context);
            } else if (context.channel().isActive() && isExpired(context)) {
                NettyChannels.abort(context.channel());
            }
        }

        boolean isExpired(ChannelHandlerContext context) {
            return true;
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            stop();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            stop();
            context.fireChannelInactive();
        }
    }

    /** Waits for the first bytes of HTTP. Detects TLS by its handler, and HTTP/2 by its preface. */
    private static final class ProtocolDetector extends TimeoutHandler {
        private static final byte[] HTTP2_PREFACE =
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

        private int matchedBytes;
        private boolean http1;

        ProtocolDetector(Duration timeout) {
            super(timeout);
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            start(context);
        }

        @Override
        boolean isExpired(ChannelHandlerContext context) {
            return !(http1 && context.channel().hasAttr(CONNECTED_KEY));
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ChannelPipeline pipeline = context.pipeline();
            ChannelHandlerContext tls = pipeline.context(SslHandler.class);
            if (tls != null
                    && pipeline.names().indexOf(context.name())
                            < pipeline.names().indexOf(tls.name())) {
                pipeline.addAfter(tls.name(), "firstPlainBytes", new ProtocolDetector(timeout()));
                pipeline.remove(this);
            } else if (message instanceof ByteBuf bytes && !http1) {
                matchPreface(context, bytes);
            }
            context.fireChannelRead(message);
            if (http1 && context.channel().hasAttr(CONNECTED_KEY) && !context.isRemoved()) {
                pipeline.remove(this);
            }
        }

        private void matchPreface(ChannelHandlerContext context, ByteBuf bytes) {
            int index = bytes.readerIndex();
            while (index < bytes.writerIndex() && matchedBytes < HTTP2_PREFACE.length) {
                if (bytes.getByte(index) != HTTP2_PREFACE[matchedBytes]) {
                    http1 = true;
                    return;
                }
                index++;
                matchedBytes++;
            }
            if (matchedBytes == HTTP2_PREFACE.length) {
                Http2FrameTimeout frames = new Http2FrameTimeout(timeout());
                context.pipeline().addAfter(context.name(), "http2Frames", frames);
                // The new handler also receives these bytes: it skips the preface and reads the frames after it.
                frames.skipBytes(index - bytes.readerIndex());
                context.pipeline().remove(this);
            }
        }
    }

    /** Tracks frames (RFC 9113, section 4.1) without decoding their payload. */
    private static final class Http2FrameTimeout extends TimeoutHandler {
        private static final int HEADER_BYTES = 9;
        private static final int HEADERS = 1;
        private static final int PUSH_PROMISE = 5;
        private static final int CONTINUATION = 9;
        private static final int END_HEADERS = 4;

        private int bytesToSkip;
        private int headerBytes;
        private int payloadBytesLeft;
        private int type;
        private boolean headerBlockOpen;
        private boolean frameReceived;

        Http2FrameTimeout(Duration timeout) {
            super(timeout);
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            start(context);
        }

        /** Skips the first bytes of the next read. */
        void skipBytes(int bytes) {
            bytesToSkip = bytes;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof ByteBuf bytes && parseFrames(bytes)) {
                stop();
            }
            if (headerBytes > 0 || headerBlockOpen || !frameReceived) {
                start(context);
            }
            context.fireChannelRead(message);
        }

        /** Returns whether a frame or header block ends in these bytes. */
        private boolean parseFrames(ByteBuf bytes) {
            boolean ended = false;
            int index = bytes.readerIndex() + Math.min(bytesToSkip, bytes.readableBytes());
            bytesToSkip = 0;
            while (index < bytes.writerIndex()) {
                if (headerBytes < HEADER_BYTES) {
                    parseHeaderByte(bytes.getUnsignedByte(index));
                    index++;
                } else {
                    int part = Math.min(payloadBytesLeft, bytes.writerIndex() - index);
                    payloadBytesLeft -= part;
                    index += part;
                }
                if (headerBytes == HEADER_BYTES && payloadBytesLeft == 0) {
                    headerBytes = 0;
                    frameReceived = true;
                    ended |= !headerBlockOpen;
                }
            }
            return ended;
        }

        private void parseHeaderByte(int value) {
            switch (headerBytes) {
                case 0 -> payloadBytesLeft = value << 16;
                case 1 -> payloadBytesLeft |= value << 8;
                case 2 -> payloadBytesLeft |= value;
                case 3 -> type = value;
                case 4 -> {
                    if (type == HEADERS || type == PUSH_PROMISE || type == CONTINUATION) {
                        headerBlockOpen = (value & END_HEADERS) == 0;
                    }
                }
                default -> {
                    // Stream id.
                }
            }
            headerBytes++;
        }
    }

    /** Runs the timer while bytes of an incomplete head have arrived. Gets the bytes before the decoder. */
    private static final class Http1HeadTimeout extends TimeoutHandler {
        /** Whether the next bytes belong to a head. */
        private boolean expectsHead = true;

        private boolean headStarted;

        Http1HeadTimeout(Duration timeout) {
            super(timeout);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (context.pipeline().context(HttpRequestDecoder.class) == null) {
                // The connection was upgraded to a WebSocket.
                context.pipeline().remove(this);
                context.fireChannelRead(message);
                return;
            }
            if (expectsHead) {
                headStarted = true;
            }
            context.fireChannelRead(message);
            if (!headStarted) {
                stop();
            } else if (!context.isRemoved()) {
                start(context);
            }
        }
    }

    /** Observes the messages of the decoder, to distinguish heads from bodies. */
    private static final class Http1HeadObserver extends ChannelInboundHandlerAdapter {
        private final Http1HeadTimeout headTimeout;

        Http1HeadObserver(Http1HeadTimeout headTimeout) {
            this.headTimeout = headTimeout;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest) {
                headTimeout.expectsHead = false;
                headTimeout.headStarted = false;
            }
            if (message instanceof LastHttpContent) {
                headTimeout.expectsHead = true;
            }
            context.fireChannelRead(message);
        }
    }
}

package dev.darkroom.api.transport;

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
 * Closes connections whose peer begins a request head and does not end it in time. A byte now and then keeps a connection from being
 * idle, so the idle timeout does not end it. Over HTTP/1.1 each head counts from its first byte; over HTTP/2 each frame, and each header
 * block with its continuations. On a new connection the time until HTTP is spoken counts too: a TLS handshake, and the HTTP/2 preface.
 */
public final class RequestHeadTimeout {
    private static final AttributeKey<Boolean> CONNECTED_KEY = AttributeKey.valueOf(RequestHeadTimeout.class, "known");

    private RequestHeadTimeout() {}

    /** Watches a channel that was just accepted, before anything else is in its pipeline. */
    static void watchAccepted(Channel channel, Duration timeout) {
        channel.pipeline().addLast("firstBytes", new ProtocolDetector(timeout));
    }

    /** Watches a connection that HTTP is spoken on; for the handler of new connections of an HTTP server. */
    public static void watchConnected(HttpConnection connection, Duration timeout) {
        watchConnected(ConnectionAborter.channel(connection), timeout);
    }

    static void watchConnected(Channel channel, Duration timeout) {
        channel.attr(CONNECTED_KEY).set(true);
        ChannelPipeline pipeline = channel.pipeline();
        ChannelHandlerContext decoder = pipeline.context(HttpRequestDecoder.class);
        if (decoder != null) {
            Http1HeadTimeout bytes = new Http1HeadTimeout(timeout);
            pipeline.addBefore(decoder.name(), "requestHeadBytes", bytes);
            pipeline.addAfter(decoder.name(), "requestHeads", new Http1HeadObserver(bytes));
        }
    }

    /** Closes a channel some time after it was started, unless it is stopped before. For the channel's event loop. */
    private abstract static class TimeoutHandler extends ChannelInboundHandlerAdapter {
        private final Duration timeout;
        private ScheduledFuture<?> timer;

        TimeoutHandler(Duration timeout) {
            this.timeout = timeout;
        }

        final Duration timeout() {
            return timeout;
        }

        /** Goes on as it is when it was started before. */
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
                // The server reads nothing, so the peer may have sent it long ago.
                start(context);
            } else if (context.channel().isActive() && isExpired(context)) {
                ConnectionAborter.abort(context.channel());
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

    /** Waits for HTTP to be spoken. The first bytes tell TLS, HTTP/2 and HTTP/1.1 apart. */
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
            int at = bytes.readerIndex();
            while (at < bytes.writerIndex() && matchedBytes < HTTP2_PREFACE.length) {
                if (bytes.getByte(at) != HTTP2_PREFACE[matchedBytes]) {
                    http1 = true;
                    return;
                }
                at++;
                matchedBytes++;
            }
            if (matchedBytes == HTTP2_PREFACE.length) {
                Http2FrameTimeout frames = new Http2FrameTimeout(timeout());
                context.pipeline().addAfter(context.name(), "http2Frames", frames);
                // The rest of these bytes belongs to its first frames; what is passed on is read by it once more.
                frames.skipBytes(at - bytes.readerIndex());
                context.pipeline().remove(this);
            }
        }
    }

    /** Follows frames (RFC 9113, section 4.1) without decoding them. */
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

        /** Leaves out the first bytes that are read. */
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

        /** Returns whether a frame, or a header block, has ended in these bytes. */
        private boolean parseFrames(ByteBuf bytes) {
            boolean ended = false;
            int at = bytes.readerIndex() + Math.min(bytesToSkip, bytes.readableBytes());
            bytesToSkip = 0;
            while (at < bytes.writerIndex()) {
                if (headerBytes < HEADER_BYTES) {
                    parseHeaderByte(bytes.getUnsignedByte(at));
                    at++;
                } else {
                    int part = Math.min(payloadBytesLeft, bytes.writerIndex() - at);
                    payloadBytesLeft -= part;
                    at += part;
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
                    // The id of the stream.
                }
            }
            headerBytes++;
        }
    }

    /** Sees the bytes before they are decoded. */
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
                // It has become a WebSocket.
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

    /** Sees what the bytes were decoded to. */
    private static final class Http1HeadObserver extends ChannelInboundHandlerAdapter {
        private final Http1HeadTimeout headTimeout;

        Http1HeadObserver(Http1HeadTimeout bytes) {
            this.headTimeout = bytes;
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

package dev.darkroom.http;

import dev.darkroom.http.OutboundHttpClient.ConnectionLimits;
import dev.darkroom.netty.NettyChannels;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Netty handler that restricts a client connection to one exchange. Skips interim responses (RFC 9110, section 15.2), since
 * Vert.x treats all but 100 and 103 as final. Rejects a second request, discards bytes after the response, and resets the
 * connection after any protocol error. Placed between the HTTP codec and Vert.x. Confined to the event loop of its
 * connection.
 */
final class SingleExchangeHandler extends ChannelDuplexHandler {
    /** Maximum number of interim responses. A server that reports progress every second sends far fewer. */
    static final int MAX_INTERIM_RESPONSES = 1_000;

    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int FIRST_FINAL_STATUS = 200;

    private final ConnectionLimits limits;
    private Future<?> maxAgeTimer;
    private long bodyBytes;
    private boolean requestSent;
    private boolean interim;
    private boolean ended;
    private int interimResponses;

    SingleExchangeHandler(ConnectionLimits connectionLimits) {
        this.limits = connectionLimits;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (limits.maxAge() != null) {
            long millis = limits.maxAge().toMillis();
            maxAgeTimer = ctx.executor()
                    .schedule(
                            () -> fail(ctx, new TimeoutException("no response within " + millis + " ms")),
                            millis,
                            TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (maxAgeTimer != null) {
            maxAgeTimer.cancel(false);
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof HttpRequest) {
            if (requestSent) {
                ReferenceCountUtil.release(message);
                promise.tryFailure(new IllegalStateException("the connection has already sent a request"));
                NettyChannels.reset(ctx.channel());
                return;
            }
            requestSent = true;
        }
        ctx.write(message, promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (ended) {
            // Vert.x closes the connection once it has read the response.
            ReferenceCountUtil.release(message);
            NettyChannels.resetOnClose(ctx.channel());
            return;
        }
        Throwable violation = findViolation(message);
        if (violation != null) {
            ReferenceCountUtil.release(message);
            fail(ctx, violation);
        } else if (interim) {
            ReferenceCountUtil.release(message);
        } else {
            ended = message instanceof LastHttpContent;
            ctx.fireChannelRead(message);
        }
    }

    /** Returns why a message is not acceptable; null when it is. */
    private Throwable findViolation(Object message) {
        if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
            return object.decoderResult().cause();
        }
        if (message instanceof HttpResponse response) {
            int status = response.status().code();
            if (status == SWITCHING_PROTOCOLS || status < 100) {
                return new DecoderException("unexpected status " + status);
            }
            interim = status < FIRST_FINAL_STATUS;
            if (interim && ++interimResponses > MAX_INTERIM_RESPONSES) {
                return new DecoderException("more than " + MAX_INTERIM_RESPONSES + " interim responses");
            }
        }
        if (message instanceof HttpContent content && !interim) {
            bodyBytes += content.content().readableBytes();
            if (bodyBytes > limits.maxBodyBytes()) {
                return new IOException("response body larger than " + limits.maxBodyBytes() + " bytes");
            }
        }
        return null;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Vert.x closes the connection.
        NettyChannels.resetOnClose(ctx.channel());
        ctx.fireExceptionCaught(cause);
        NettyChannels.abort(ctx.channel());
    }

    private void fail(ChannelHandlerContext ctx, Throwable cause) {
        ended = true;
        exceptionCaught(ctx, cause);
    }
}

package dev.darkroom.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;

/**
 * Keeps a client connection to one exchange. It skips interim answers (RFC 9110, section 15.2), of which Vert.x takes all but 100 and 103
 * for final ones. It refuses a second request, drops what follows the answer, and resets the connection after any protocol error. Stands
 * between the HTTP codec and Vert.x. Confined to the event loop of its connection.
 */
final class SingleExchangeHandler extends ChannelDuplexHandler {
    static final String NAME = "exchange-guard";

    /** The largest number of interim answers. A server that reports progress every second stays far below. */
    static final int MAX_INTERIM_RESPONSES = 1_000;

    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int FIRST_FINAL_STATUS = 200;

    private final WebClientExchangeRegistry exchangeRegistry;
    private ChannelHandlerContext context;
    private long maxBodyBytes = Long.MAX_VALUE;
    private long bodyBytes;
    private boolean requestSent;
    private boolean interim;
    private boolean ended;
    private int interimResponses;

    SingleExchangeHandler(WebClientExchangeRegistry webClientExchangeRegistry) {
        this.exchangeRegistry = webClientExchangeRegistry;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof HttpRequest request) {
            if (requestSent) {
                rejectWrite(message, promise, "the connection has carried a request");
                return;
            }
            requestSent = true;
            String exchange = request.headers().get(WebClientExchangeRegistry.ID_HEADER);
            if (exchange != null) {
                request.headers().remove(WebClientExchangeRegistry.ID_HEADER);
                if (!exchangeRegistry.assign(exchange, this)) {
                    rejectWrite(message, promise, "the exchange is over");
                    return;
                }
            }
        }
        ctx.write(message, promise);
    }

    private void rejectWrite(Object message, ChannelPromise promise, String reason) {
        ReferenceCountUtil.release(message);
        promise.tryFailure(new IllegalStateException(reason));
        abort();
    }

    /** Sets the largest body of the answer. A larger one is a failure. */
    void limitBody(int maxBytes) {
        maxBodyBytes = maxBytes;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (ended) {
            // Vert.x closes the connection once it has read the answer.
            ReferenceCountUtil.release(message);
            resetOnClose();
            return;
        }
        if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
            ReferenceCountUtil.release(message);
            fail(ctx, object.decoderResult().cause());
            return;
        }
        if (message instanceof HttpResponse response) {
            int status = response.status().code();
            if (status == SWITCHING_PROTOCOLS || status < 100) {
                ReferenceCountUtil.release(message);
                fail(ctx, new DecoderException("unexpected status " + status));
                return;
            }
            interim = status < FIRST_FINAL_STATUS;
            if (interim && ++interimResponses > MAX_INTERIM_RESPONSES) {
                ReferenceCountUtil.release(message);
                fail(ctx, new DecoderException("more than " + MAX_INTERIM_RESPONSES + " interim answers"));
                return;
            }
        }
        if (interim) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpContent content) {
            bodyBytes += content.content().readableBytes();
            if (bodyBytes > maxBodyBytes) {
                ReferenceCountUtil.release(message);
                fail(ctx, new IOException("it answered more than " + maxBodyBytes + " bytes"));
                return;
            }
        }
        if (message instanceof LastHttpContent) {
            ended = true;
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.fireExceptionCaught(cause);
        abort();
    }

    private void fail(ChannelHandlerContext ctx, Throwable cause) {
        ended = true;
        ctx.fireExceptionCaught(cause);
        abort();
    }

    /** Makes the end of the connection a TCP reset. */
    void resetOnClose() {
        if (context.channel().isOpen()) {
            context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
        }
    }

    /**
     * Closes the connection at once with a TCP reset. Nothing is flushed, and no TLS close alert is sent, so a peer that does not read
     * cannot delay it.
     */
    void abort() {
        resetOnClose();
        ChannelHandlerContext nextToTheSocket = context.pipeline().firstContext();
        if (nextToTheSocket != null) {
            nextToTheSocket.close();
        }
    }

    void abortFromAnyThread() {
        if (context.executor().inEventLoop()) {
            abort();
        } else {
            context.executor().execute(this::abort);
        }
    }
}

package dev.darkroom.database;

import dev.darkroom.netty.NettyChannels;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Netty handler that ends a database connection that is no longer usable: after a silence longer than any healthy connection has, and
 * after an error of the session. The driver itself would send a Terminate message, shut down its side and wait for the server to close.
 * A server that does not respond would keep the connection and its slot in the pool.
 *
 * <p>First in the pipeline, before TLS and the codec of the driver. Used on the event loop of its connection, except
 * {@link #closeWhenIdle}.
 */
final class DatabaseSessionHandler extends IdleStateHandler implements PostgresMessageParser.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseSessionHandler.class);

    private final DatabaseSocketMonitor sockets;
    private final PostgresMessageParser messages = new PostgresMessageParser(this);
    /** Whether the server has a statement to respond to. */
    private boolean responsePending = true;

    private boolean retired;
    private boolean closing;

    /** @param maxSilence time without incoming data after which the connection is aborted */
    DatabaseSessionHandler(DatabaseSocketMonitor sockets, Duration maxSilence) {
        super(maxSilence.toMillis(), 0, 0, TimeUnit.MILLISECONDS);
        this.sockets = sockets;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
        responsePending = true;
        super.write(context, message, promise);
    }

    /** Passes the data on before closing, so that the failed statement gets its error. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            messages.parse(bytes);
        }
        super.channelRead(context, message);
        if (closing) {
            NettyChannels.abort(context.channel());
        }
    }

    @Override
    public void onError(PostgresErrorResponse error) {
        PostgresErrorResponse.Scope scope = error.scope();
        if (scope == PostgresErrorResponse.Scope.STATEMENT) {
            return;
        }
        LOG.atDebug().addKeyValue("sqlState", error.sqlState()).log("database session retired");
        retired = true;
        closing |= error.isFatal();
        sockets.retireSessions(error, scope);
    }

    @Override
    public void onReadyForQuery() {
        responsePending = false;
        closing |= retired;
    }

    /** Closes a connection immediately if it is idle, otherwise after the pending response. Thread-safe. */
    static void closeWhenIdle(Channel channel) {
        channel.eventLoop().execute(() -> {
            DatabaseSessionHandler handler = channel.pipeline().get(DatabaseSessionHandler.class);
            if (handler == null) {
                return;
            }
            handler.retired = true;
            if (!handler.responsePending) {
                NettyChannels.abort(channel);
            }
        });
    }

    @Override
    protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
        LOG.atWarn()
                .addKeyValue("server", context.channel().remoteAddress())
                .addKeyValue("silentMs", getReaderIdleTimeInMillis())
                .log("database connection silent, aborted");
        sockets.notifyLoss();
        // Neither the driver nor the kernel waits for the server.
        NettyChannels.reset(context.channel());
    }
}

package dev.darkroom.database;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends one connection to the database when it is of no more use: after a silence that no healthy connection keeps, and after
 * an error of the session. The driver itself would send a farewell, shut its side down and wait for the server to close, so
 * that a server which does not answer keeps the connection and its place in the pool.
 *
 * <p>Between the socket, or TLS, and the driver's codec. For the event loop of its connection, apart from {@link #closeWhenIdle}.
 */
final class DatabaseSessionHandler extends IdleStateHandler implements PostgresMessageParser.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseSessionHandler.class);

    private final DatabaseSocketMonitor sockets;
    private final PostgresMessageParser messages = new PostgresMessageParser(this);
    /** Whether the server has something to answer. */
    private boolean responsePending = true;

    private boolean retired;
    private boolean closing;

    /** @param silence how long nothing may arrive */
    DatabaseSessionHandler(DatabaseSocketMonitor sockets, Duration silence) {
        super(silence.toMillis(), 0, 0, TimeUnit.MILLISECONDS);
        this.sockets = sockets;
    }

    @Override
    public void write(ChannelHandlerContext to, Object message, ChannelPromise promise) throws Exception {
        responsePending = true;
        super.write(to, message, promise);
    }

    /** Passes everything on first: the statement that failed is told why before its connection goes. */
    @Override
    public void channelRead(ChannelHandlerContext from, Object message) throws Exception {
        if (message instanceof ByteBuf bytes) {
            messages.parse(bytes);
        }
        super.channelRead(from, message);
        if (closing) {
            close(from.channel(), false);
        }
    }

    @Override
    public void onError(PostgresErrorResponse error) {
        PostgresErrorResponse.Scope scope = error.scope();
        if (scope == PostgresErrorResponse.Scope.STATEMENT) {
            return;
        }
        LOG.atDebug().addKeyValue("sqlState", error.sqlState()).log("database session given up");
        retired = true;
        closing |= error.isFatal();
        sockets.retireSessions(error, scope);
    }

    @Override
    public void onReadyForQuery() {
        responsePending = false;
        closing |= retired;
    }

    /** Ends a connection at once when it is idle, or else after the answer under way. From any thread. */
    static void closeWhenIdle(Channel channel) {
        channel.eventLoop().execute(() -> {
            DatabaseSessionHandler its = channel.pipeline().get(DatabaseSessionHandler.class);
            if (its == null) {
                return;
            }
            its.retired = true;
            if (!its.responsePending) {
                close(channel, false);
            }
        });
    }

    @Override
    protected void channelIdle(ChannelHandlerContext at, IdleStateEvent event) {
        LOG.atWarn()
                .addKeyValue("server", at.channel().remoteAddress())
                .addKeyValue("silentMs", getReaderIdleTimeInMillis())
                .log("database connection silent, aborted");
        sockets.notifyLoss();
        abort(at.channel());
    }

    /** Resets the connection (RST): neither the driver nor the kernel waits for the server. From any thread. */
    static void abort(Channel channel) {
        close(channel, true);
    }

    /** By the handler next to the wire, past the driver and TLS with their farewells. */
    private static void close(Channel channel, boolean reset) {
        if (reset && channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
        ChannelHandlerContext nextToTheWire = channel.pipeline().firstContext();
        if (nextToTheWire != null) {
            nextToTheWire.close();
        }
    }
}

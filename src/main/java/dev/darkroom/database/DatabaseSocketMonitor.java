package dev.darkroom.database;

import dev.darkroom.netty.NettyChannels;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.VertxWrapper;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tracks the sockets of the database driver and adds a {@link DatabaseSessionHandler} to each when it connects. Passed to the driver in
 * place of Vert.x, from which the driver creates its network client. Needed because the driver cannot abort a connection and does not
 * report which connection of a pool an error came from. Thread-safe.
 */
final class DatabaseSocketMonitor extends VertxWrapper {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseSocketMonitor.class);
    private static final String HANDLER_NAME = "darkroom-session";

    /** Minimum time between retirements of all sessions. Without it a server that stays read-only costs a connection per statement. */
    private static final Duration MIN_PURGE_INTERVAL = Duration.ofSeconds(1);

    private final Duration maxSilence;
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final List<Runnable> lossHandlers = new CopyOnWriteArrayList<>();
    private final AtomicLong nextPurge = new AtomicLong(System.nanoTime());

    /** @param maxSilence time without incoming data after which a connection is aborted */
    DatabaseSocketMonitor(Vertx vertx, Duration maxSilence) {
        super((VertxInternal) vertx);
        this.maxSilence = maxSilence;
    }

    /** Adds a handler that is called when a server is unreachable, silent or read-only. May be called on any thread. */
    void onLoss(Runnable handler) {
        lossHandlers.add(handler);
    }

    /** Aborts every connection. */
    void abortAll() {
        channels.forEach(NettyChannels::reset);
    }

    /** Number of open connections, including half-closed ones. */
    int openCount() {
        return channels.size();
    }

    void notifyLoss() {
        lossHandlers.forEach(Runnable::run);
    }

    /** Handles an error that ends its session, or all sessions. */
    void retireSessions(PostgresErrorResponse error, PostgresErrorResponse.Scope scope) {
        notifyLoss();
        if (scope != PostgresErrorResponse.Scope.ALL_SESSIONS) {
            return;
        }
        long due = nextPurge.get();
        long now = System.nanoTime();
        if (now - due >= 0 && nextPurge.compareAndSet(due, now + MIN_PURGE_INTERVAL.toNanos())) {
            LOG.atWarn()
                    .addKeyValue("sqlState", error.sqlState())
                    .addKeyValue("sessions", channels.size())
                    .log("database sessions stale, reconnecting");
            channels.forEach(DatabaseSessionHandler::closeWhenIdle);
        }
    }

    @Override
    public NetClient createNetClient(NetClientOptions options) {
        return new MonitoredNetClient(super.createNetClient(options));
    }

    private NetSocket monitor(NetSocket socket) {
        Channel channel = NettyChannels.of(socket);
        channel.pipeline().addFirst(HANDLER_NAME, new DatabaseSessionHandler(this, maxSilence));
        channels.add(channel);
        return socket;
    }

    /** Delegates to a client and adds each socket to the monitor. */
    private final class MonitoredNetClient implements NetClient {
        private final NetClient client;

        MonitoredNetClient(NetClient client) {
            this.client = client;
        }

        @Override
        public Future<NetSocket> connect(ConnectOptions options) {
            return client.connect(options).onFailure(error -> notifyLoss()).map(DatabaseSocketMonitor.this::monitor);
        }

        @Override
        public Future<NetSocket> connect(int port, String host) {
            return connect(new ConnectOptions().setPort(port).setHost(host));
        }

        @Override
        public Future<NetSocket> connect(int port, String host, String serverName) {
            return connect(new ConnectOptions().setPort(port).setHost(host).setSniServerName(serverName));
        }

        @Override
        public Future<NetSocket> connect(SocketAddress remote) {
            return connect(new ConnectOptions().setRemoteAddress(remote));
        }

        @Override
        public Future<NetSocket> connect(SocketAddress remote, String serverName) {
            return connect(new ConnectOptions().setRemoteAddress(remote).setSniServerName(serverName));
        }

        @Override
        public Future<Void> shutdown(long timeout, TimeUnit unit) {
            return client.shutdown(timeout, unit);
        }

        @Override
        public Future<Boolean> updateSSLOptions(ClientSSLOptions options, boolean force) {
            return client.updateSSLOptions(options, force);
        }
    }
}

package dev.darkroom.database;

import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.VertxWrapper;
import io.vertx.core.internal.net.NetSocketInternal;
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
 * The sockets of the database driver, each under a {@link DatabaseSessionHandler} from the moment it connects. The driver has no way to
 * abort a connection, and none to tell which connection of a pool an error came from; so it is given this instead of Vert.x,
 * of which it takes the network client. Thread-safe.
 */
final class DatabaseSocketMonitor extends VertxWrapper {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseSocketMonitor.class);
    private static final String HANDLER_NAME = "darkroom-session";

    /** All sessions are given up at most once in this time: a server that stays read-only would cost a connection for each statement. */
    private static final Duration MIN_PURGE_INTERVAL = Duration.ofSeconds(1);

    private final Duration maxSilence;
    private final ChannelGroup channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final List<Runnable> lossHandlers = new CopyOnWriteArrayList<>();
    private final AtomicLong nextPurge = new AtomicLong(System.nanoTime());

    /** @param silence how long a connection may bring nothing before it is aborted */
    DatabaseSocketMonitor(Vertx vertx, Duration silence) {
        super((VertxInternal) vertx);
        this.maxSilence = silence;
    }

    /** Calls {@code handler} when a server may no longer be the right one: unreachable, silent or read-only. */
    void onLoss(Runnable handler) {
        lossHandlers.add(handler);
    }

    /** Aborts every connection at once. */
    void abortAll() {
        channels.forEach(DatabaseSessionHandler::abort);
    }

    /** How many connections are open, half-closed ones too. */
    int openCount() {
        return channels.size();
    }

    void notifyLoss() {
        lossHandlers.forEach(Runnable::run);
    }

    /** A session has reported that it, or each of them, is of no more use. */
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
                    .log("database sessions stale, connecting again");
            channels.forEach(DatabaseSessionHandler::closeWhenIdle);
        }
    }

    @Override
    public NetClient createNetClient(NetClientOptions options) {
        return new MonitoredNetClient(super.createNetClient(options));
    }

    private NetSocket monitor(NetSocket socket) {
        Channel channel = ((NetSocketInternal) socket).channelHandlerContext().channel();
        channel.pipeline().addFirst(HANDLER_NAME, new DatabaseSessionHandler(this, maxSilence));
        channels.add(channel);
        return socket;
    }

    /** Connects as the client it wraps does. */
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

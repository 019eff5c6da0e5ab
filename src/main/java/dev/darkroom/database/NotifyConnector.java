package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import dev.darkroom.config.Settings;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgNotification;
import io.vertx.pgclient.spi.PgDriver;
import io.vertx.sqlclient.spi.ConnectionFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Opens the connections of a {@link NotifyChannel}, one at a time. Used on the context of the channel. */
final class NotifyConnector {
    static final String SELECT_READ_ONLY = "SELECT current_setting('transaction_read_only') = 'on'";

    /** Number of timeouts without incoming data after which the socket is aborted. */
    private static final int MAX_SILENT_INTERVALS = 3;

    private final Context context;
    private final String channel;
    private final Duration timeout;
    private final DatabaseSocketMonitor sockets;
    private final ConnectionFactory<PgConnectOptions> connections;
    private final List<PgConnectOptions> servers;
    private final DatabaseServerSelector selector;
    private final TargetSession target;

    /**
     * @param channel the channel to listen on
     * @param timeout limit of connecting and of listening, each; a healthy connection receives data in this interval
     */
    NotifyConnector(
            Vertx vertx,
            Context context,
            DatabaseUrl url,
            Settings.Database settings,
            String channel,
            Duration timeout) {
        this.context = context;
        this.channel = channel;
        this.timeout = timeout;
        this.sockets = new DatabaseSocketMonitor(vertx, timeout.multipliedBy(MAX_SILENT_INTERVALS));
        NetClientOptions transport = Database.transportOptions(settings);
        this.connections = PgDriver.INSTANCE.createConnectionFactory(sockets, transport);
        this.servers = url.servers().stream()
                .map(serverAddress -> options(url, serverAddress, settings))
                .toList();
        this.target = url.targetSession();
        this.selector = new DatabaseServerSelector(vertx, sockets, transport, servers, target, timeout);
    }

    private static PgConnectOptions options(
            DatabaseUrl url, DatabaseUrl.ServerAddress serverAddress, Settings.Database settings) {
        PgConnectOptions options = Database.connectOptions(url, serverAddress, settings, false);
        options.getProperties().put("application_name", "darkroom notify");
        // Polls replace a lost notification, so NOTIFY does not wait for the disk.
        options.getProperties().put("synchronous_commit", "off");
        options.setReconnectAttempts(0);
        return options;
    }

    /**
     * A connection that listens.
     *
     * @param writable whether the server accepted writes
     */
    record ListeningConnection(PgConnection connection, boolean writable) {}

    /** Connects and listens. With several servers, fails unless the chosen server accepts writes, since NOTIFY is sent there. */
    Future<ListeningConnection> open(Consumer<PgNotification> notificationHandler) {
        Future<PgConnection> connecting = connections
                .connect(context, selector.choose().map(servers::get))
                .map(PgConnection::cast);
        return connecting
                .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                // Closes a connection that is established after the timeout, when another attempt has started.
                .onFailure(late -> connecting.onSuccess(PgConnection::close))
                .compose(opened -> {
                    opened.exceptionHandler(error -> {});
                    opened.notificationHandler(notificationHandler::accept);
                    return opened.query("LISTEN " + channel)
                            .execute()
                            .compose(listening -> opened.query(SELECT_READ_ONLY).execute())
                            .compose(rows -> requireWritable(
                                    opened, !rows.iterator().next().getBoolean(0)))
                            .timeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                            .onFailure(error -> abort());
                });
    }

    private Future<ListeningConnection> requireWritable(PgConnection opened, boolean writable) {
        return writable || servers.size() == 1 || target == TargetSession.ANY
                ? Future.succeededFuture(new ListeningConnection(opened, writable))
                : Future.failedFuture("the server is read-only");
    }

    /** Aborts the connection and makes the next attempt probe the servers. Does not wait for the server, which may be unreachable. */
    void abort() {
        sockets.notifyLoss();
        sockets.abortAll();
    }

    /** Number of open sockets, including half-closed ones. */
    int openSockets() {
        return sockets.openCount();
    }

    /** Aborts the connection, if it is still open, and releases the driver. */
    Future<Void> close() {
        Promise<Void> done = Promise.promise();
        sockets.abortAll();
        connections.close(done);
        return done.future();
    }
}

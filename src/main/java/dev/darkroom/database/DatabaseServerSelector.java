package dev.darkroom.database;

import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.cache.RefreshingValue.RefreshPolicy;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.spi.PgDriver;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.spi.ConnectionFactory;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the server of the next connection. A single server is returned without a probe. With several servers, probes them in the
 * order of the URL and chooses the first that accepts a connection and matches {@code target_session_attrs}. The choice is cached for
 * {@link #CHOICE_TTL} and invalidated when a connection fails, becomes silent or becomes read-only. Thread-safe; nothing blocks.
 */
final class DatabaseServerSelector {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseServerSelector.class);
    private static final Duration CHOICE_TTL = Duration.ofSeconds(5);
    private static final String SELECT_ROLE =
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";

    private final Vertx vertx;
    private final List<PgConnectOptions> servers;
    private final TargetSession target;
    private final Duration probeTimeout;
    private final ConnectionFactory<PgConnectOptions> probes;

    private final RefreshingValue<Integer> choice;
    private volatile int lastChosen;

    /**
     * @param servers the connection options of each server, in the order of the URL
     * @param probeTimeout time that one server has to respond
     */
    DatabaseServerSelector(
            Vertx vertx,
            DatabaseSocketMonitor sockets,
            NetClientOptions transport,
            List<PgConnectOptions> servers,
            TargetSession target,
            Duration probeTimeout) {
        this.vertx = vertx;
        this.servers = List.copyOf(servers);
        this.target = target;
        this.probeTimeout = probeTimeout;
        this.probes = servers.size() == 1 ? null : PgDriver.INSTANCE.createConnectionFactory(sockets, transport);
        Duration loadTimeout = probeTimeout.multipliedBy(2L * servers.size() + 1);
        this.choice = new RefreshingValue<>(
                vertx,
                () -> tryNext(target == TargetSession.ANY ? 0 : lastChosen, 0),
                new RefreshPolicy(CHOICE_TTL, CHOICE_TTL, Duration.ZERO, loadTimeout),
                System::nanoTime);
        sockets.onLoss(choice::expire);
    }

    /** Returns the index of the chosen server in the URL. Fails when no server matches. */
    Future<Integer> choose() {
        return servers.size() == 1 ? Future.succeededFuture(0) : choice.get();
    }

    private Future<Integer> tryNext(int first, int tried) {
        if (tried == servers.size()) {
            return Future.failedFuture(
                    new ConnectException("no database server is " + DatabaseUrl.parameterValue(target)));
        }
        int index = (first + tried) % servers.size();
        PgConnectOptions server = servers.get(index);
        return matchesTarget(server)
                .otherwise(error -> {
                    LOG.atDebug()
                            .addKeyValue("server", server.getHost() + ":" + server.getPort())
                            .addKeyValue("reason", error.getMessage())
                            .log("database server unreachable");
                    return false;
                })
                .compose(matches -> {
                    if (!matches) {
                        return tryNext(first, tried + 1);
                    }
                    if (lastChosen != index) {
                        LOG.atWarn()
                                .addKeyValue("server", server.getHost() + ":" + server.getPort())
                                .log("database server chosen");
                    }
                    lastChosen = index;
                    return Future.succeededFuture(index);
                });
    }

    private Future<Boolean> matchesTarget(PgConnectOptions server) {
        Context context = vertx.getOrCreateContext();
        Future<SqlConnection> connecting = probes.connect(context, server);
        return connecting
                .timeout(probeTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .onFailure(late -> connecting.onSuccess(SqlConnection::close))
                .compose(connection -> {
                    connection.exceptionHandler(broken -> {});
                    return connection
                            .query(SELECT_ROLE)
                            .execute()
                            .timeout(probeTimeout.toMillis(), TimeUnit.MILLISECONDS)
                            .map(rows -> matchesTarget(rows.iterator().next()))
                            .onComplete(done -> connection.close());
                });
    }

    private boolean matchesTarget(Row row) {
        return switch (target) {
            case ANY -> true;
            case PRIMARY -> !row.getBoolean(0);
            case READ_WRITE -> !row.getBoolean(1);
        };
    }
}

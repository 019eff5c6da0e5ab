package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
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

    // Guarded by this.
    private int chosen;
    private long chosenAt;
    private boolean choiceValid;
    private Future<Integer> pendingChoice;

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
        sockets.onLoss(this::invalidateChoice);
    }

    /** Returns the index of the chosen server in the URL. Fails when no server matches. */
    Future<Integer> choose() {
        if (servers.size() == 1) {
            return Future.succeededFuture(0);
        }
        Promise<Integer> promise = Promise.promise();
        int first;
        synchronized (this) {
            if (choiceValid && System.nanoTime() - chosenAt < CHOICE_TTL.toNanos()) {
                return Future.succeededFuture(chosen);
            }
            if (pendingChoice != null) {
                return pendingChoice;
            }
            pendingChoice = promise.future();
            first = target == TargetSession.ANY ? 0 : chosen;
        }
        promise.future().onComplete(done -> {
            synchronized (this) {
                pendingChoice = null;
            }
        });
        tryNext(first, 0).onComplete(promise);
        return promise.future();
    }

    /** Makes the next connection probe the servers again. */
    private synchronized void invalidateChoice() {
        choiceValid = false;
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
                    cacheChoice(index);
                    return Future.succeededFuture(index);
                });
    }

    private synchronized void cacheChoice(int server) {
        if (chosen != server) {
            LOG.atWarn()
                    .addKeyValue(
                            "server",
                            servers.get(server).getHost() + ":"
                                    + servers.get(server).getPort())
                    .log("database server chosen");
        }
        chosen = server;
        choiceValid = true;
        chosenAt = System.nanoTime();
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

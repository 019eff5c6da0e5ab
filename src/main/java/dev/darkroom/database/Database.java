package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * The connections of this process to PostgreSQL, shared by all verticles. Opened before they are deployed and not inside
 * one, with which it would close. Safe from every thread; every future completes on the caller's context.
 *
 * <p>Of {@code database.poolSize} a quarter, at least one, serves {@link #client}, the rest, at least one, {@link #pool}:
 * a transaction keeps a connection for several round trips, statements by themselves share one. Failures are read with
 * {@link DatabaseErrorClassifier}.
 */
public final class Database {
    /**
     * Statements under way at once on one connection of the client. The server runs them in turn, so each may wait for those
     * before it, a slow one up to its timeout: few enough to bound that, enough to hide the round trip.
     */
    private static final int PIPELINING_LIMIT = 16;

    private static final int HEARTBEAT_CONNECTIONS = 2;
    private static final int MAX_WAITING_HEARTBEATS = 16;
    /**
     * How long a connection may be idle before it is closed. Short, because silence can only be told from idleness when
     * it lasts longer; see {@link #maxSilence}.
     */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);

    /** How long the server may take to end the connections at {@link #close}. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final DatabaseSocketMonitor sockets;
    private final SqlClient client;
    private final Pool pool;
    private final Pool heartbeats;
    private final Duration pingTimeout;

    private Database(DatabaseSocketMonitor sockets, SqlClient client, Pool pool, Pool heartbeats, Duration patience) {
        this.sockets = sockets;
        this.client = client;
        this.pool = pool;
        this.heartbeats = heartbeats;
        this.pingTimeout = patience;
    }

    /** Connects when first used, not here; the database may be away. Nothing is thrown for it. */
    public static Database open(Vertx vertx, DatabaseUrl url, Settings.Database settings) {
        return open(vertx, url, settings, IDLE_TIMEOUT);
    }

    static Database open(Vertx vertx, DatabaseUrl url, Settings.Database settings, Duration idle) {
        int forClient = Math.max(1, settings.poolSize() / 4);
        int forPool = Math.max(1, settings.poolSize() - forClient);
        boolean pooled = settings.directUrl() != null;
        DatabaseSocketMonitor sockets = new DatabaseSocketMonitor(vertx, maxSilence(settings, idle));
        NetClientOptions transport = transportOptions(settings);
        // Each made anew: the copy of options forgets that there is a pooler.
        List<PgConnectOptions> servers = serverOptions(url, settings);
        List<PgConnectOptions> pipelined = serverOptions(url, settings);
        pipelined.forEach(options -> options.setPipeliningLimit(pooled ? 1 : PIPELINING_LIMIT));
        DatabaseServerSelector selector = new DatabaseServerSelector(
                vertx, sockets, transport, servers, url.targetSession(), settings.connectTimeout());
        return new Database(
                sockets,
                PgBuilder.client()
                        .with(poolOptions("client", forClient, settings.maxWaiting(), settings, idle))
                        .with(transport)
                        .connectingTo(() -> selector.choose().map(pipelined::get))
                        .using(sockets)
                        .build(),
                PgBuilder.pool()
                        .with(poolOptions("pool", forPool, settings.maxWaiting(), settings, idle))
                        .with(transport)
                        .connectingTo(() -> selector.choose().map(servers::get))
                        .using(sockets)
                        .build(),
                PgBuilder.pool()
                        .with(poolOptions("heartbeats", HEARTBEAT_CONNECTIONS, MAX_WAITING_HEARTBEATS, settings, idle))
                        .with(transport)
                        .connectingTo(() -> selector.choose().map(servers::get))
                        .using(sockets)
                        .build(),
                settings.connectTimeout().plus(settings.statementTimeout()));
    }

    /** How to connect to each server, in the order of the URL. */
    private static List<PgConnectOptions> serverOptions(DatabaseUrl url, Settings.Database settings) {
        return url.servers().stream()
                .map(serverAddress -> connectOptions(url, serverAddress, settings, settings.directUrl() != null))
                .toList();
    }

    /**
     * For single statements, which are sent without waiting for those before them. Only for statements that find their rows
     * by an index and wait for no lock, since a slow one delays its neighbours; others take {@link #pool}.
     */
    public SqlClient client() {
        return client;
    }

    /** For transactions and for statements that may be slow. */
    public Pool pool() {
        return pool;
    }

    /** For heartbeats and the sweep: signs of life must not queue behind the work whose health they report. */
    public Pool heartbeats() {
        return heartbeats;
    }

    /**
     * Runs {@code work} in a transaction of its own, which is committed when its future succeeds and rolled back when it
     * fails or {@code work} throws. READ COMMITTED. Never call an AI server in there.
     */
    public <T> Future<T> inTransaction(Function<SqlConnection, Future<T>> work) {
        return pool.withConnection(connection -> {
            // A connection that breaks fails the statements on it. The driver would print it to standard error as well.
            connection.exceptionHandler(broken -> {});
            return connection
                    .begin()
                    .compose(transaction -> Future.succeededFuture()
                            .compose(begun -> work.apply(connection))
                            .compose(
                                    result -> transaction.commit().map(result),
                                    error -> transaction
                                            .rollback()
                                            .transform(rolledBack -> Future.failedFuture(error))));
        });
    }

    /** Fails when the database does not answer in the time that connecting and a statement may take together. */
    public Future<Void> ping() {
        return heartbeats
                .query("SELECT 1")
                .execute()
                .timeout(pingTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .mapEmpty();
    }

    /** How many sockets are open, half-closed ones too. */
    int openSockets() {
        return sockets.openCount();
    }

    /**
     * Closes every connection; whoever still waits for one fails. Last, after everything that uses them. A connection that the
     * server does not end in time is aborted.
     */
    public Future<Void> close() {
        Future<?> closing = Future.join(client.close(), pool.close(), heartbeats.close());
        return closing.timeout(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                .recover(late -> {
                    sockets.abortAll();
                    return Future.succeededFuture();
                })
                .mapEmpty();
    }

    /** @param pooled whether a pooler in transaction mode stands between: then each statement may meet another session */
    static PgConnectOptions connectOptions(
            DatabaseUrl url, DatabaseUrl.ServerAddress serverAddress, Settings.Database settings, boolean pooled) {
        PgConnectOptions options = new PgConnectOptions();
        DatabaseTlsConfigurer.configure(options, url.tls());
        options.setHost(serverAddress.host())
                .setPort(serverAddress.port())
                .setDatabase(url.database())
                .setUser(url.user())
                .setPassword(url.password().value())
                // Then every execution brings its statement along.
                .setUseLayer7Proxy(pooled)
                .setCachePreparedStatements(!pooled)
                // All our statements are constants, long ones too.
                .setPreparedStatementCacheSqlFilter(sql -> true);
        // Added one by one: setProperties would drop what the driver itself needs, such as the client encoding.
        options.addProperty("application_name", "darkroom");
        if (pooled) {
            options.getProperties().remove("extra_float_digits");
            // It would refuse them. Its own user's settings take their place, see docs/operations.md.
            return options;
        }
        return options.addProperty("statement_timeout", millis(settings.statementTimeout()))
                .addProperty("lock_timeout", millis(settings.lockTimeout()))
                .addProperty("idle_in_transaction_session_timeout", millis(settings.idleInTransactionTimeout()))
                // Every statement of the service has an index to go by, and the order it wants is that of the index.
                // A planner whose statistics are a minute old does not know that a queue has grown, and would read
                // and sort all of it.
                .addProperty("enable_seqscan", "off")
                .addProperty("enable_bitmapscan", "off")
                // So no plan depends on values either. A claim would be planned anew each time, for its limit, which
                // takes four times as long as to make it.
                .addProperty("plan_cache_mode", "force_generic_plan");
    }

    /**
     * How long nothing may arrive before a connection is aborted. The server bounds every statement, but a server that
     * vanished without a word bounds nothing, and TCP notices only after a quarter of an hour or more. No healthy connection
     * is silent for longer than this.
     */
    private static Duration maxSilence(Settings.Database settings, Duration idle) {
        return idle.plus(settings.statementTimeout()).plus(settings.idleInTransactionTimeout());
    }

    static NetClientOptions transportOptions(Settings.Database settings) {
        return new NetClientOptions()
                .setConnectTimeout((int) settings.connectTimeout().toMillis())
                .setTcpKeepAlive(true);
    }

    private static PoolOptions poolOptions(
            String name, int size, int waiting, Settings.Database settings, Duration idle) {
        return new PoolOptions()
                .setName("darkroom-" + name)
                .setMaxSize(size)
                .setMaxWaitQueueSize(waiting)
                .setConnectionTimeout((int) settings.connectTimeout().toMillis())
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS)
                .setIdleTimeout((int) idle.toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS);
    }

    private static String millis(Duration duration) {
        return String.valueOf(duration.toMillis());
    }
}

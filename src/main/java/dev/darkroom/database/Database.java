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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The connections of this process to PostgreSQL, shared by all verticles. Opened before the verticles are deployed: opened inside a
 * verticle, it would close with that verticle. Thread-safe; every future completes on the caller's context.
 *
 * <p>A quarter of {@code database.poolSize}, at least one connection, serves {@link #client}. The rest, at least one, serves
 * {@link #pool}. A transaction keeps a connection for several round trips; single statements share connections by pipelining.
 * {@link DatabaseErrorClassifier} classifies failures.
 */
public final class Database {
    /**
     * Maximum number of pipelined statements on one connection of the client. The server executes them in sequence, so a statement may
     * wait for the timeouts of all previous ones. Low enough to bound that wait, high enough to hide the round trip.
     */
    private static final int PIPELINING_LIMIT = 16;

    private static final int HEARTBEAT_CONNECTIONS = 2;
    private static final int MAX_WAITING_HEARTBEATS = 16;
    /**
     * Time after which an idle connection is closed. Short, because a silent connection is recognized only after the idle timeout; see
     * {@link #maxSilence}.
     */
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(10);

    /** Time that the server has to end the connections at {@link #close}. */
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final DatabaseSocketMonitor sockets;
    private final SqlClient client;
    private final Pool pool;
    private final Pool heartbeats;
    private final Duration pingTimeout;

    private Database(
            DatabaseSocketMonitor sockets, SqlClient client, Pool pool, Pool heartbeats, Duration pingTimeout) {
        this.sockets = sockets;
        this.client = client;
        this.pool = pool;
        this.heartbeats = heartbeats;
        this.pingTimeout = pingTimeout;
    }

    /** Creates the pools. Connects with the first use, so the database may be unavailable now. */
    public static Database open(Vertx vertx, DatabaseUrl url, Settings.Database settings) {
        return open(vertx, url, settings, IDLE_TIMEOUT);
    }

    static Database open(Vertx vertx, DatabaseUrl url, Settings.Database settings, Duration idle) {
        int clientSize = Math.max(1, settings.poolSize() / 4);
        int poolSize = Math.max(1, settings.poolSize() - clientSize);
        boolean pooled = settings.directUrl() != null;
        DatabaseSocketMonitor sockets = new DatabaseSocketMonitor(vertx, maxSilence(settings, idle));
        NetClientOptions transport = transportOptions(settings);
        // Creates separate objects: the copy constructor of the options loses useLayer7Proxy.
        List<PgConnectOptions> servers = serverOptions(url, settings);
        List<PgConnectOptions> pipelined = serverOptions(url, settings);
        pipelined.forEach(options -> options.setPipeliningLimit(pooled ? 1 : PIPELINING_LIMIT));
        DatabaseServerSelector selector = new DatabaseServerSelector(
                vertx, sockets, transport, servers, url.targetSession(), settings.connectTimeout());
        Function<PoolOptions, Pool> pool = options -> PgBuilder.pool()
                .with(options)
                .with(transport)
                .connectingTo(() -> selector.choose().map(servers::get))
                .using(sockets)
                .build();
        return new Database(
                sockets,
                PgBuilder.client()
                        .with(poolOptions("client", clientSize, settings.maxWaitQueueSize(), settings, idle))
                        .with(transport)
                        .connectingTo(() -> selector.choose().map(pipelined::get))
                        .using(sockets)
                        .build(),
                pool.apply(poolOptions("pool", poolSize, settings.maxWaitQueueSize(), settings, idle)),
                pool.apply(poolOptions("heartbeats", HEARTBEAT_CONNECTIONS, MAX_WAITING_HEARTBEATS, settings, idle)),
                settings.connectTimeout().plus(settings.statementTimeout()));
    }

    /** Returns the connection options of each server, in the order of the URL. */
    private static List<PgConnectOptions> serverOptions(DatabaseUrl url, Settings.Database settings) {
        return url.servers().stream()
                .map(serverAddress -> connectOptions(url, serverAddress, settings, settings.directUrl() != null))
                .toList();
    }

    /**
     * The client for single statements, which are pipelined. Only for statements that use an index and wait for no lock: a slow
     * statement delays the others on its connection. Use {@link #pool} for other statements.
     */
    public SqlClient client() {
        return client;
    }

    /** The pool for transactions and for statements that may be slow. */
    public Pool pool() {
        return pool;
    }

    /** The pool for heartbeats and the lease reaper. Separate, so that heartbeats do not queue behind other statements. */
    public Pool heartbeats() {
        return heartbeats;
    }

    /**
     * Runs {@code work} in a new transaction, READ COMMITTED. Commits when its future succeeds; rolls back when it fails or
     * {@code work} throws. Must not wait for anything but the database, such as an AI server. Runs the actions of the scope after the
     * commit.
     */
    public <T> Future<T> inTransaction(Function<TransactionScope, Future<T>> work) {
        return pool.withConnection(connection -> {
            // The failure of the statements reports a broken connection. Without a handler the driver also prints to
            // standard error.
            connection.exceptionHandler(broken -> {});
            TransactionScope scope = new TransactionScope(connection);
            return connection
                    .begin()
                    .compose(transaction -> Future.succeededFuture()
                            .compose(begun -> work.apply(scope))
                            .compose(
                                    result -> transaction
                                            .commit()
                                            .onSuccess(committed -> scope.runAfterCommitActions())
                                            .map(result),
                                    error -> transaction
                                            .rollback()
                                            .transform(rolledBack -> Future.failedFuture(error))));
        });
    }

    /** Executes a trivial statement. Fails when it takes longer than the timeouts of connecting and of a statement together. */
    public Future<Void> ping() {
        return heartbeats
                .query("SELECT 1")
                .execute()
                .timeout(pingTimeout.toMillis(), TimeUnit.MILLISECONDS)
                .mapEmpty();
    }

    /** Executes a trivial statement on a connection of each pool. */
    Future<Void> pingPools() {
        return Future.all(Stream.of(client, pool, heartbeats)
                        .map(each -> each.query("SELECT 1").execute())
                        .toList())
                .mapEmpty();
    }

    /** Number of open sockets, including half-closed ones. */
    int openSockets() {
        return sockets.openCount();
    }

    /**
     * Closes every connection and fails pending requests for one. Called last, after all users of the database have stopped. Aborts
     * connections that the server does not end in time.
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

    /** @param pooled whether the URL is that of a pooler in transaction mode, where each statement may run in another session */
    static PgConnectOptions connectOptions(
            DatabaseUrl url, DatabaseUrl.ServerAddress serverAddress, Settings.Database settings, boolean pooled) {
        PgConnectOptions options = new PgConnectOptions();
        DatabaseTlsConfigurer.configure(options, url.tls());
        options.setHost(serverAddress.host())
                .setPort(serverAddress.port())
                .setDatabase(url.database())
                .setUser(url.user())
                .setPassword(url.password().value())
                // With a pooler, every execution sends its statement.
                .setUseLayer7Proxy(pooled)
                .setCachePreparedStatements(!pooled)
                // Caches statements of any length: all statements of the server are constants.
                .setPreparedStatementCacheSqlFilter(sql -> true);
        // setProperties would drop the properties that the driver needs, such as the client encoding.
        options.addProperty("application_name", "darkroom");
        if (pooled) {
            options.getProperties().remove("extra_float_digits");
            // A pooler rejects session parameters. They are set for the database user instead, see docs/database.md.
            return options;
        }
        return options.addProperty("statement_timeout", millis(settings.statementTimeout()))
                .addProperty("lock_timeout", millis(settings.lockTimeout()))
                .addProperty("idle_in_transaction_session_timeout", millis(settings.idleInTransactionTimeout()))
                // Every statement has an index that fits its condition and its order. A planner with statistics that
                // are a minute old does not know that a queue has grown, and would read and sort the whole table.
                .addProperty("enable_seqscan", "off")
                .addProperty("enable_bitmapscan", "off")
                // The planner adds a huge cost to a plan that must scan a table, such as one of few rows. PostgreSQL
                // with
                // LLVM would compile each such plan, which takes hundreds of milliseconds.
                .addProperty("jit", "off")
                // With these settings no plan depends on parameter values. Otherwise a claim would be planned for each
                // execution because of its limit, which takes four times as long as executing it.
                .addProperty("plan_cache_mode", "force_generic_plan");
    }

    /**
     * Time without incoming data after which a connection is aborted. No healthy connection is silent for longer. Needed because the
     * statement timeout is enforced by the server: with an unreachable server only TCP would detect the loss, after 15 minutes or more.
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
            String name, int size, int maxWaiting, Settings.Database settings, Duration idle) {
        return new PoolOptions()
                .setName("darkroom-" + name)
                .setMaxSize(size)
                .setMaxWaitQueueSize(maxWaiting)
                .setConnectionTimeout((int) settings.connectTimeout().toMillis())
                .setConnectionTimeoutUnit(TimeUnit.MILLISECONDS)
                .setIdleTimeout((int) idle.toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS);
    }

    private static String millis(Duration duration) {
        return String.valueOf(duration.toMillis());
    }
}

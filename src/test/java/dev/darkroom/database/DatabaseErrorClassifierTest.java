package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Classification of errors that a real server, the driver or the pool reports. */
@Timeout(240)
class DatabaseErrorClassifierTest extends DatabaseFixture {
    @Test
    void classifiesStatementTimeoutAsUnavailable() {
        assertUnavailable(database.pool().query("SELECT pg_sleep(30)").execute(), "57014");
    }

    @Test
    void classifiesLockTimeoutAsUnavailable() {
        // given
        TestPostgres.execute(url, "CREATE TABLE words (word text)");
        SqlConnection holder = await(database.heartbeats().getConnection());
        await(holder.begin().compose(tx -> holder.query("LOCK TABLE words").execute()));

        // then
        assertUnavailable(
                database.inTransaction(
                        scope -> scope.connection().query("LOCK TABLE words").execute()),
                "55P03");
        await(holder.close());
    }

    @Test
    void classifiesIdleTransactionTimeoutAsUnavailable() {
        // when
        Future<?> transaction = database.inTransaction(scope -> {
            Promise<Void> ended = Promise.promise();
            scope.connection().closeHandler(closed -> ended.complete());
            return scope.connection()
                    .query("SELECT 1")
                    .execute()
                    .compose(rows -> ended.future())
                    .compose(closed -> scope.connection().query("SELECT 1").execute());
        });

        // then
        assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(transaction)))
                .isTrue();
        eventually(() -> database.inTransaction(
                scope -> scope.connection().query("SELECT 1").execute()));
    }

    @Test
    void classifiesDeadlockAsUnavailable() {
        // given
        TestPostgres.execute(url, "CREATE TABLE counters (id int PRIMARY KEY)", "INSERT INTO counters VALUES (1), (2)");
        Settings.Database longTimeouts = TestSettings.with(
                TestSettings.DEFAULTS.database(),
                "url",
                url,
                "poolSize",
                4,
                "maxWaitQueueSize",
                10,
                "statementTimeout",
                Duration.ofSeconds(20),
                "lockTimeout",
                Duration.ofSeconds(20),
                "idleInTransactionTimeout",
                Duration.ofSeconds(9));
        Database other = Database.open(vertx, url, longTimeouts);
        SqlConnection a = await(other.pool().getConnection());
        SqlConnection b = await(other.pool().getConnection());
        await(a.query("BEGIN; SELECT 1 FROM counters WHERE id = 1 FOR UPDATE").execute());
        await(b.query("BEGIN; SELECT 1 FROM counters WHERE id = 2 FOR UPDATE").execute());

        // when
        Future<?> first =
                a.query("SELECT 1 FROM counters WHERE id = 2 FOR UPDATE").execute();
        Future<?> second =
                b.query("SELECT 1 FROM counters WHERE id = 1 FOR UPDATE").execute();

        // then
        Awaitility.await().until(() -> first.failed() || second.failed());
        assertUnavailable(first.failed() ? first : second, "40P01");
        await(other.close());
    }

    @Test
    void classifiesTerminatedConnectionAsUnavailableAndReplacesIt() {
        // given
        List<Future<?>> statements = new ArrayList<>();
        IntStream.range(0, 5)
                .forEach(i -> statements.add(
                        database.client().query("SELECT pg_sleep(2)").execute()));
        statements.add(database.pool().query("SELECT pg_sleep(2)").execute());
        statements.add(database.inTransaction(
                scope -> scope.connection().query("SELECT pg_sleep(2)").execute()));
        Awaitility.await()
                .until(() ->
                        TestPostgres.query(url, "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(2)'")
                                        .size()
                                == 3);

        // when
        TestPostgres.terminateBackends(url.database());

        // then
        for (Future<?> statement : statements) {
            assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(statement)))
                    .isTrue();
        }
        eventually(() -> database.client().query("SELECT 1").execute());
        eventually(() -> database.inTransaction(
                scope -> scope.connection().query("SELECT 1").execute()));
        await(database.ping());
    }

    @Test
    void reportsBrokenTransactionOnlyToItsCaller() {
        // given
        PrintStream err = System.err;
        ByteArrayOutputStream standardError = new ByteArrayOutputStream();
        Promise<Void> connectionClosed = Promise.promise();
        Future<?> transaction = database.inTransaction(scope -> scope.connection()
                .query("SELECT 1")
                .execute()
                .compose(begun -> {
                    scope.connection().closeHandler(closed -> connectionClosed.complete());
                    return connectionClosed.future();
                }));
        Awaitility.await()
                .until(() -> !TestPostgres.query(
                                url,
                                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in"
                                        + " transaction'")
                        .isEmpty());

        // when
        System.setErr(new PrintStream(standardError, true, StandardCharsets.UTF_8));
        try {
            TestPostgres.terminateBackends(url.database());

            // then
            assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(transaction)))
                    .isTrue();
        } finally {
            System.setErr(err);
        }
        assertThat(standardError.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void recognizesOnlyLatePoolTimer() {
        // given the stack frames of an exception observed under load
        String timer = "io.vertx.sqlclient.impl.pool.SqlConnectionPool$1PoolRequest";
        String cancel = "io.vertx.core.internal.pool.SimpleConnectionPool$Cancel";

        // then
        assertThat(DatabaseErrorClassifier.isLatePoolTimer(completedTwice(timer, cancel)))
                .isTrue();
        assertThat(DatabaseErrorClassifier.isLatePoolTimer(completedTwice(timer)))
                .isFalse();
        assertThat(DatabaseErrorClassifier.isLatePoolTimer(completedTwice("dev.darkroom.server.Server", cancel)))
                .isFalse();
        Throwable another = new IllegalStateException("Another");
        another.setStackTrace(completedTwice(timer, cancel).getStackTrace());
        assertThat(DatabaseErrorClassifier.isLatePoolTimer(another)).isFalse();
        assertThat(DatabaseErrorClassifier.isLatePoolTimer(null)).isFalse();
    }

    @Test
    void reportsUnknownOutcomeOnlyForConnectionBrokenDuringStatement() {
        // given
        TcpProxy proxy = new TcpProxy(url.host(), url.port());
        DatabaseUrl proxyUrl = new DatabaseUrl("127.0.0.1", proxy.port(), url.database(), url.user(), url.password());
        Database proxied = Database.open(vertx, proxyUrl, TestDatabaseSettings.of(proxyUrl));
        Future<?> broken = proxied.client().query("SELECT pg_sleep(2)").execute();
        Awaitility.await()
                .until(() -> !TestPostgres.query(
                                url, "SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(2)'")
                        .isEmpty());

        // when
        proxy.refuseConnections();

        // then
        assertThat(DatabaseErrorClassifier.isOutcomeUnknown(failureOf(broken))).isTrue();
        assertThat(DatabaseErrorClassifier.isOutcomeUnknown(
                        failureOf(proxied.client().query("SELECT 1").execute())))
                .as("refused")
                .isFalse();
        assertThat(DatabaseErrorClassifier.isOutcomeUnknown(
                        failureOf(database.pool().query("SELECT pg_sleep(30)").execute())))
                .as("cancelled")
                .isFalse();
        assertThat(DatabaseErrorClassifier.isOutcomeUnknown(null)).isFalse();
        await(proxied.close());
    }

    @Test
    void classifiesPoolTimeoutAsUnavailable() {
        // given
        List<SqlConnection> all = new ArrayList<>();
        IntStream.range(0, 3).forEach(i -> all.add(await(database.pool().getConnection())));

        // then
        assertThat(DatabaseErrorClassifier.isUnavailable(
                        failureOf(database.pool().getConnection())))
                .isTrue();
        assertThat(DatabaseErrorClassifier.isUnavailable(
                        failureOf(database.pool().query("SELECT 1").execute())))
                .isTrue();
        // and heartbeats do not queue behind other statements
        await(database.ping());
        all.forEach(connection -> await(connection.close()));
    }

    @Test
    void failsImmediatelyWhenWaitQueueIsFull() {
        // given
        Database small = Database.open(vertx, url, TestDatabaseSettings.of(url, 2, 3));
        SqlConnection only = await(small.pool().getConnection());
        List<Future<SqlConnection>> waiting = new ArrayList<>();
        IntStream.range(0, 3).forEach(i -> waiting.add(small.pool().getConnection()));

        // when
        Throwable rejected = failureOf(small.pool().getConnection());

        // then
        assertThat(rejected).hasMessageContaining("max wait queue size of 3");
        assertThat(DatabaseErrorClassifier.isUnavailable(rejected)).isTrue();
        assertThat(waiting).noneMatch(Future::isComplete);
        await(only.close());
        await(small.close());
    }

    @Test
    void limitsWaitQueueOfPipeliningClient() {
        // given
        Database small = Database.open(vertx, url, TestDatabaseSettings.of(url, 1, 5));

        // when
        List<Future<?>> statements = new ArrayList<>();
        IntStream.range(0, 60)
                .forEach(i -> statements.add(
                        small.client().query("SELECT pg_sleep(0.02)").execute()));
        List<Throwable> failures = statements.stream()
                .map(statement ->
                        await(statement.<Throwable>map((Throwable) null).otherwise(e -> e)))
                .filter(failure -> failure != null)
                .toList();

        // then
        assertThat(failures).isNotEmpty().hasSizeLessThan(60).allMatch(DatabaseErrorClassifier::isUnavailable);
        await(small.close());
    }

    @Test
    void classifiesDatabaseWithoutConnectionsAsUnavailable() {
        // given
        DatabaseUrl closed = TestPostgres.newDatabase();
        Database other = Database.open(vertx, closed, TestDatabaseSettings.of(closed));

        // when
        TestPostgres.execute(url, "ALTER DATABASE " + closed.database() + " ALLOW_CONNECTIONS false");

        // then
        assertUnavailable(other.pool().query("SELECT 1").execute(), "55000");
        await(other.close());
    }

    @Test
    void classifiesUnreachableServerAsUnavailable() {
        // given
        DatabaseUrl closedPort = new DatabaseUrl("127.0.0.1", 1, "db", "anna", url.password());
        DatabaseUrl unknownHost = new DatabaseUrl("no-such-host.invalid", 5432, "db", "anna", url.password());
        DatabaseUrl unknownUser = new DatabaseUrl(url.host(), url.port(), url.database(), "anna", url.password());
        DatabaseUrl unknownDatabase = new DatabaseUrl(url.host(), url.port(), "missing", url.user(), url.password());

        for (DatabaseUrl each : List.of(closedPort, unknownHost, unknownUser, unknownDatabase)) {
            Database unavailable = Database.open(vertx, each, TestDatabaseSettings.of(each));

            // then
            assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(unavailable.ping())))
                    .isTrue();
            assertThat(DatabaseErrorClassifier.isUnavailable(
                            failureOf(unavailable.client().query("SELECT 1").execute())))
                    .isTrue();
            assertThat(DatabaseErrorClassifier.isUnavailable(
                            failureOf(unavailable.inTransaction(c -> Future.succeededFuture()))))
                    .isTrue();
            await(unavailable.close());
        }
    }

    @Test
    void abortsConnectionToSilentServer() throws Exception {
        // given
        List<NetSocket> sockets = new CopyOnWriteArrayList<>();
        List<NetSocket> silenced = new CopyOnWriteArrayList<>();
        // Keeps a reference: a client that is garbage collected closes its connections.
        NetClient client = vertx.createNetClient();
        NetServer proxy = vertx.createNetServer().connectHandler(incoming -> {
            incoming.pause();
            client.connect(url.port(), url.host()).onSuccess(outgoing -> {
                incoming.handler(outgoing::write);
                outgoing.handler(bytes -> {
                    if (!silenced.contains(incoming)) {
                        incoming.write(bytes);
                    }
                });
                incoming.resume();
                sockets.add(incoming);
            });
        });
        int port = await(proxy.listen(0, "127.0.0.1")).actualPort();
        DatabaseUrl proxyUrl = new DatabaseUrl("127.0.0.1", port, url.database(), url.user(), url.password());
        Database silent = Database.open(vertx, proxyUrl, TestDatabaseSettings.of(proxyUrl), Duration.ofMillis(300));
        await(silent.client().query("SELECT 1").execute());

        // when
        silenced.addAll(sockets);
        Future<RowSet<Row>> lost = silent.client().query("SELECT 1").execute();

        // then
        assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(lost))).isTrue();
        eventually(() -> silent.client().query("SELECT 1").execute());
        await(silent.close());
    }

    @Test
    void classifiesClosedDatabaseAsUnavailable() {
        // given
        Database closed = Database.open(vertx, url, TestDatabaseSettings.of(url));
        await(closed.ping());
        await(closed.close());

        // then
        assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(closed.ping())))
                .isTrue();
        assertThat(DatabaseErrorClassifier.isUnavailable(
                        failureOf(closed.client().query("SELECT 1").execute())))
                .isTrue();
        assertThat(DatabaseErrorClassifier.isUnavailable(
                        failureOf(closed.inTransaction(c -> Future.succeededFuture()))))
                .isTrue();
    }

    @Test
    void doesNotClassifyProgramErrorsAsUnavailable() {
        // given
        TestPostgres.execute(url, "CREATE TABLE words (id int PRIMARY KEY)", "INSERT INTO words VALUES (1)");

        // then
        assertBug(database.client().query("SELEC 1").execute());
        assertBug(database.client().query("INSERT INTO words VALUES (1)").execute());
        assertBug(database.client().query("SELECT * FROM nowhere").execute());
        assertBug(database.client().preparedQuery("SELECT $1::int").execute(Tuple.of("no number")));
        assertBug(database.client().preparedQuery("SELECT $1::int").execute(Tuple.of(1, 2)));
        assertBug(database.inTransaction(
                scope -> scope.connection().query("SELEC 1").execute().otherwiseEmpty()));
        assertThat(DatabaseErrorClassifier.isUnavailable(new IllegalStateException("Timeout")))
                .isFalse();
        assertThat(DatabaseErrorClassifier.isUnavailable(null)).isFalse();
    }

    /** Retries: a statement may get a broken connection that has not left the pool yet. */
    private static void eventually(Supplier<Future<?>> statement) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> await(statement.get().transform(done -> Future.succeededFuture(done.succeeded()))));
    }

    private static void assertUnavailable(Future<?> future, String sqlState) {
        Throwable failure = failureOf(future);
        assertThat(DatabaseErrorClassifier.sqlState(failure)).isEqualTo(sqlState);
        assertThat(DatabaseErrorClassifier.isUnavailable(failure)).isTrue();
    }

    private static void assertBug(Future<?> future) {
        assertThat(DatabaseErrorClassifier.isUnavailable(failureOf(future))).isFalse();
    }

    /** Returns the exception of a promise that is completed twice, with the given classes as its stack trace. */
    private static Throwable completedTwice(String... callers) {
        Promise<Void> promise = Promise.promise();
        promise.complete();
        try {
            promise.fail("Timeout");
        } catch (IllegalStateException thrown) {
            thrown.setStackTrace(Stream.of(callers)
                    .map(type -> new StackTraceElement(type, "run", null, -1))
                    .toArray(StackTraceElement[]::new));
            return thrown;
        }
        throw new AssertionError("completed twice");
    }
}

package dev.darkroom.database;

import static dev.darkroom.database.DatabaseFixture.await;
import static dev.darkroom.database.DatabaseFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.ServerAddress;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import dev.darkroom.config.DatabaseUrl.Tls;
import dev.darkroom.database.embedded.StoppableEmbeddedPostgres;
import dev.darkroom.testing.StoppablePostgres;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two servers of which one accepts writes, and a change of roles under open connections. */
@Tag("database")
@Timeout(240)
class DatabaseFailoverTest {
    private static final String PORT = "SELECT inet_server_port()";
    private static final Vertx VERTX = Vertx.vertx();

    private static StoppableEmbeddedPostgres one;
    private static StoppableEmbeddedPostgres two;

    @BeforeAll
    static void start() throws IOException {
        one = StoppableEmbeddedPostgres.create(
                Files.createTempDirectory("darkroom-one").resolve("data"));
        two = StoppableEmbeddedPostgres.create(
                Files.createTempDirectory("darkroom-two").resolve("data"));
        // Both are to accept the same user.
        TestPostgres.execute(
                two.superuser(),
                "ALTER ROLE " + one.url().user() + " PASSWORD '"
                        + one.url().password().value() + "'");
    }

    @AfterAll
    static void stop() {
        one.close();
        two.close();
        await(VERTX.close());
    }

    private static DatabaseUrl both(TargetSession target) {
        DatabaseUrl url = one.url();
        return new DatabaseUrl(
                List.of(
                        new ServerAddress(url.host(), url.port()),
                        new ServerAddress(url.host(), two.url().port())),
                url.database(),
                url.user(),
                url.password(),
                Tls.NONE,
                target);
    }

    private static void readOnly(StoppableEmbeddedPostgres cluster, boolean on) {
        TestPostgres.execute(
                cluster.superuser(), "ALTER SYSTEM SET default_transaction_read_only = " + (on ? "on" : "off"));
        TestPostgres.execute(cluster.superuser(), "SET default_transaction_read_only = off; SELECT pg_reload_conf()");
        eventually(
                "reloaded",
                () -> TestPostgres.query(cluster.superuser(), "SHOW default_transaction_read_only")
                        .equals(List.of(on ? "on" : "off")));
    }

    private static void eventually(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(condition);
    }

    private static int port(SqlClient client) throws Exception {
        return client.query(PORT)
                .execute()
                .await(10, TimeUnit.SECONDS)
                .iterator()
                .next()
                .getInteger(0);
    }

    @Test
    @DisplayName("after a change of roles pools, listener and JDBC go to the server that accepts writes, reads too")
    void followsTheWritableServer() throws Exception {
        // given
        readOnly(one, false);
        readOnly(two, true);
        DatabaseUrl url = both(TargetSession.READ_WRITE);
        Database database = Database.open(VERTX, url, TestDatabaseSettings.of(url));
        List<SqlClient> clients = List.of(database.client(), database.pool(), database.heartbeats());
        for (SqlClient client : clients) {
            eventually("connected", () -> port(client) == one.url().port());
        }
        AtomicInteger calls = new AtomicInteger();
        NotifyChannel notifyChannel =
                NotifyChannel.open(VERTX, url, TestDatabaseSettings.of(url), Duration.ofSeconds(1));
        notifyChannel.listen("work", calls::incrementAndGet);
        eventually("listening", () -> calls.get() == 1);

        // when
        readOnly(two, false);
        readOnly(one, true);

        // then
        eventually(
                "writes",
                () -> database.pool()
                                .query("CREATE TABLE IF NOT EXISTS words (word text)")
                                .execute()
                                .await(10, TimeUnit.SECONDS)
                        != null);
        for (SqlClient client : clients) {
            eventually("reads there too", () -> port(client) == two.url().port());
        }
        eventually(
                "listens there",
                () -> calls.get() > 1
                        && TestPostgres.query(
                                        two.superuser(),
                                        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'darkroom hints'")
                                .equals(List.of("1")));
        assertThat(jdbcPort(url)).isEqualTo(two.url().port());
        await(notifyChannel.close());
        await(database.close());
    }

    @Test
    @DisplayName(
            "a server that is down is skipped; any takes the first that is up, read-write and primary may find none")
    void choosesByTheTarget() throws Exception {
        // given
        readOnly(one, false);
        readOnly(two, true);
        one.stop(StoppablePostgres.Mode.IMMEDIATE);
        try {
            // then
            Database any = Database.open(VERTX, both(TargetSession.ANY), TestDatabaseSettings.of(one.url()));
            eventually("any", () -> port(any.pool()) == two.url().port());
            assertThat(jdbcPort(both(TargetSession.ANY))).isEqualTo(two.url().port());
            await(any.close());

            Database primary = Database.open(VERTX, both(TargetSession.PRIMARY), TestDatabaseSettings.of(one.url()));
            eventually("primary", () -> port(primary.pool()) == two.url().port());
            await(primary.close());

            Database writable =
                    Database.open(VERTX, both(TargetSession.READ_WRITE), TestDatabaseSettings.of(one.url()));
            eventually("none", () -> {
                Throwable failure = failureOf(writable.pool().query("SELECT 1").execute());
                assertThat(DatabaseErrorClassifier.isUnavailable(failure)).isTrue();
                return "no database server is read-write".equals(failure.getMessage());
            });
            assertThatThrownBy(() -> jdbcPort(both(TargetSession.READ_WRITE))).isInstanceOf(SQLException.class);
            await(writable.close());
        } finally {
            one.restart();
        }
    }

    private static int jdbcPort(DatabaseUrl url) throws SQLException {
        try (Connection connection = JdbcConnectionFactory.connect(url, "test", Duration.ofSeconds(30));
                ResultSet row = connection.createStatement().executeQuery(PORT)) {
            row.next();
            return row.getInt(1);
        }
    }
}

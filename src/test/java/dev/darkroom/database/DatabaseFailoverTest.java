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
import io.github.bucket4j.TimeMeter;
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

/** Failover between two servers, one of which is read-only, with open connections. */
@Tag("database")
@Timeout(240)
class DatabaseFailoverTest {
    private static final String SELECT_PORT = "SELECT inet_server_port()";
    private static final Vertx VERTX = Vertx.vertx();

    private static StoppableEmbeddedPostgres first;
    private static StoppableEmbeddedPostgres second;

    @BeforeAll
    static void start() throws IOException {
        first = StoppableEmbeddedPostgres.create(
                Files.createTempDirectory("darkroom-one").resolve("data"));
        second = StoppableEmbeddedPostgres.create(
                Files.createTempDirectory("darkroom-two").resolve("data"));
        // Makes both accept the same user.
        TestPostgres.execute(
                second.superuser(),
                "ALTER ROLE " + first.url().user() + " PASSWORD '"
                        + first.url().password().value() + "'");
    }

    @AfterAll
    static void stop() {
        first.close();
        second.close();
        await(VERTX.close());
    }

    private static DatabaseUrl bothServers(TargetSession target) {
        DatabaseUrl url = first.url();
        return new DatabaseUrl(
                List.of(
                        new ServerAddress(url.host(), url.port()),
                        new ServerAddress(url.host(), second.url().port())),
                url.database(),
                url.user(),
                url.password(),
                Tls.NONE,
                target);
    }

    private static void setReadOnly(StoppableEmbeddedPostgres cluster, boolean on) {
        TestPostgres.execute(
                cluster.superuser(), "ALTER SYSTEM SET default_transaction_read_only = " + (on ? "on" : "off"));
        TestPostgres.execute(cluster.superuser(), "SET default_transaction_read_only = off; SELECT pg_reload_conf()");
        eventually(
                "reloaded",
                () -> TestPostgres.query(cluster.superuser(), "SHOW default_transaction_read_only")
                        .equals(List.of(on ? "on" : "off")));
    }

    private static void eventually(String description, Callable<Boolean> condition) {
        Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(condition);
    }

    private static int port(SqlClient client) throws Exception {
        return client.query(SELECT_PORT)
                .execute()
                .await(60, TimeUnit.SECONDS)
                .iterator()
                .next()
                .getInteger(0);
    }

    @Test
    @DisplayName("after a failover pools, NOTIFY channel and JDBC use the server that accepts writes, for reads too")
    void followsTheWritableServer() throws Exception {
        // given
        setReadOnly(first, false);
        setReadOnly(second, true);
        DatabaseUrl url = bothServers(TargetSession.READ_WRITE);
        Database database = Database.open(VERTX, url, TestDatabaseSettings.of(url));
        List<SqlClient> clients = List.of(database.client(), database.pool(), database.heartbeats());
        for (SqlClient client : clients) {
            eventually("connected", () -> port(client) == first.url().port());
        }
        AtomicInteger calls = new AtomicInteger();
        NotifyChannel notifyChannel = NotifyChannel.open(
                VERTX, url, TestDatabaseSettings.of(url), Duration.ofSeconds(1), TimeMeter.SYSTEM_NANOTIME);
        notifyChannel.listen("work", key -> calls.incrementAndGet());
        eventually("listening", () -> calls.get() == 1);

        // when
        setReadOnly(second, false);
        setReadOnly(first, true);

        // then
        eventually(
                "writes",
                () -> database.pool()
                                .query("CREATE TABLE IF NOT EXISTS words (word text)")
                                .execute()
                                .await(60, TimeUnit.SECONDS)
                        != null);
        for (SqlClient client : clients) {
            eventually("reads there too", () -> port(client) == second.url().port());
        }
        eventually(
                "listens there",
                () -> calls.get() > 1
                        && TestPostgres.query(
                                        second.superuser(),
                                        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'darkroom notify'")
                                .equals(List.of("1")));
        assertThat(jdbcPort(url)).isEqualTo(second.url().port());
        await(notifyChannel.close());
        await(database.close());
    }

    @Test
    @DisplayName(
            "a stopped server is skipped; any chooses the first running server, read-write fails without a writable one")
    void choosesServerByTargetSession() throws Exception {
        // given
        setReadOnly(first, false);
        setReadOnly(second, true);
        first.stop(StoppablePostgres.Mode.IMMEDIATE);
        try {
            // then
            Database any = Database.open(VERTX, bothServers(TargetSession.ANY), TestDatabaseSettings.of(first.url()));
            eventually("any", () -> port(any.pool()) == second.url().port());
            assertThat(jdbcPort(bothServers(TargetSession.ANY)))
                    .isEqualTo(second.url().port());
            await(any.close());

            Database primary =
                    Database.open(VERTX, bothServers(TargetSession.PRIMARY), TestDatabaseSettings.of(first.url()));
            eventually("primary", () -> port(primary.pool()) == second.url().port());
            await(primary.close());

            Database writable =
                    Database.open(VERTX, bothServers(TargetSession.READ_WRITE), TestDatabaseSettings.of(first.url()));
            eventually("none", () -> {
                Throwable failure = failureOf(writable.pool().query("SELECT 1").execute());
                assertThat(DatabaseErrorClassifier.isUnavailable(failure)).isTrue();
                return "no database server is read-write".equals(failure.getMessage());
            });
            assertThatThrownBy(() -> jdbcPort(bothServers(TargetSession.READ_WRITE)))
                    .isInstanceOf(SQLException.class);
            await(writable.close());
        } finally {
            first.restart();
        }
    }

    private static int jdbcPort(DatabaseUrl url) throws SQLException {
        try (Connection connection = JdbcConnectionFactory.connect(url, "test", Duration.ofSeconds(30));
                ResultSet row = connection.createStatement().executeQuery(SELECT_PORT)) {
            row.next();
            return row.getInt(1);
        }
    }
}

package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.SqlClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Connections to a server that becomes unreachable without closing them. */
@Tag("database")
@Timeout(240)
@Execution(ExecutionMode.CONCURRENT)
class HalfOpenConnectionTest {
    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.newDatabase();
    private final TcpProxy proxy = new TcpProxy(url.host(), url.port());
    private final DatabaseUrl proxyUrl =
            new DatabaseUrl("127.0.0.1", proxy.port(), url.database(), url.user(), url.password());

    @AfterEach
    void close() {
        await(vertx.close());
        proxy.close();
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.await(60, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException e) {
            throw new AssertionError("no result in 60 s", e);
        }
    }

    private static void eventually(String description, Callable<Boolean> condition) {
        Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptions()
                .until(condition);
    }

    @Test
    @DisplayName("every pool resets silent connections and reconnects")
    void poolsResetSilentConnections() {
        // given
        Database database = Database.open(vertx, proxyUrl, TestDatabaseSettings.of(proxyUrl), Duration.ofMillis(300));
        List<SqlClient> clients = List.of(database.client(), database.pool(), database.heartbeats());
        List<Future<?>> all = new ArrayList<>();
        for (SqlClient client : clients) {
            for (int i = 0; i < 4; i++) {
                all.add(client.query("SELECT pg_sleep(0.05)").execute());
            }
        }
        await(Future.all(all));

        // when
        proxy.silenceConnections();

        // then
        for (SqlClient client : clients) {
            eventually("works again", () -> {
                client.query("SELECT 1").execute().await(10, TimeUnit.SECONDS);
                return true;
            });
        }
        eventually("no half-closed socket is left", () -> database.openSockets() == 0);
        await(database.close());
    }

    @Test
    @DisplayName("close does not wait for an unreachable server")
    void closesWithoutWaitingForServer() {
        // given
        Database database = Database.open(vertx, proxyUrl, TestDatabaseSettings.of(proxyUrl), Duration.ofMinutes(10));
        await(database.ping());

        // when
        proxy.silenceConnections();

        // then
        await(database.close());
        eventually("reset", () -> database.openSockets() == 0);
    }

    @Test
    @DisplayName("the NOTIFY channel resets a silent connection and listens on a new one")
    void notifyChannelResetsSilentConnection() {
        // given
        NotifyChannel notifyChannel = NotifyChannel.open(
                vertx, proxyUrl, TestDatabaseSettings.of(proxyUrl), Duration.ofMillis(500), TimeMeter.SYSTEM_NANOTIME);
        AtomicInteger calls = new AtomicInteger();
        notifyChannel.listen("work", key -> calls.incrementAndGet());
        eventually("listening", () -> calls.get() > 0);

        // when
        proxy.silenceConnections();

        // then
        eventually("listening again", () -> calls.get() > 1);
        eventually("no half-closed socket is left", () -> notifyChannel.openSockets() == 1);
        await(notifyChannel.close());
        eventually("closed", () -> notifyChannel.openSockets() == 0);
    }

    @Test
    @DisplayName("a JDBC statement fails when the server does not respond")
    void jdbcStatementTimesOut() throws SQLException {
        try (Connection connection = JdbcConnectionFactory.connect(proxyUrl, "test", Duration.ofSeconds(2));
                Statement statement = connection.createStatement()) {
            // given
            statement.execute("SELECT 1");

            // when
            proxy.silenceConnections();

            // then
            assertThatThrownBy(() -> statement.execute("SELECT 1")).isInstanceOf(SQLException.class);
        }
    }
}

package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Errors that end a session of the pools, each raised by a real server. */
@Timeout(240)
class SessionErrorTest extends DatabaseFixture {
    private Database single;

    @BeforeEach
    void openSingle() {
        // One connection for the client and one for the pool.
        single = Database.open(vertx, url, TestDatabaseSettings.of(url, 2, 100));
    }

    private static int sessionPid(SqlClient client) {
        return await(client.query("SELECT pg_backend_pid()").execute())
                .iterator()
                .next()
                .getInteger(0);
    }

    /** Waits for a session that accepts statements. */
    private static int nextSessionPid(SqlClient client) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> client.query("SELECT 1").execute().await(10, TimeUnit.SECONDS) != null);
        return sessionPid(client);
    }

    private static Throwable raise(SqlClient client, String sqlState) {
        return failureOf(client.query("DO $$ BEGIN RAISE 'on purpose' USING ERRCODE = '" + sqlState + "'; END $$")
                .execute());
    }

    @ParameterizedTest(name = "{0} ends a session: {1}")
    @CsvSource({
        "08006, true", // connection failure
        "08P01, true", // protocol violation
        "25006, true", // read-only
        "25P02, true", // in failed transaction
        "25P04, true", // transaction timeout
        "26000, true", // invalid statement name
        "28P01, true", // invalid password
        "3D000, true", // no such database
        "42P05, true", // duplicate prepared statement
        "53300, true", // too many connections
        "57P02, true", // crash
        "57P03, true", // cannot connect now
        "57P04, true", // database dropped
        "0A000, false", // feature not supported
        "22021, false", // character not in repertoire
        "23505, false", // unique violation
        "25001, false", // active transaction
        "40001, false", // serialization failure
        "40P01, false", // deadlock
        "42P01, false", // undefined table
        "53100, false", // disk full
        "53200, false", // out of memory
        "55P03, false", // lock not available
        "57014, false", // statement timeout
        "58030, false", // input or output error
        "XX000, false", // internal error
    })
    void endsSessionOnlyAfterSessionErrors(String sqlState, boolean endsSession) {
        for (SqlClient client : List.of(single.client(), single.pool())) {
            // given
            int before = sessionPid(client);

            // when
            Throwable failure = raise(client, sqlState);

            // then
            assertThat(DatabaseErrorClassifier.sqlState(failure)).isEqualTo(sqlState);
            assertThat(nextSessionPid(client) != before).isEqualTo(endsSession);
        }
        await(single.close());
    }

    /** Errors with which the server ends the session itself. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "57P01 | SELECT pg_terminate_backend(pg_backend_pid())",
                "57P05 | SET idle_session_timeout = '20ms'",
                "25P03 | SET idle_in_transaction_session_timeout = '20ms'; BEGIN",
                "25P04 | SET transaction_timeout = '20ms'; BEGIN",
            })
    void reconnectsAfterServerEndedSession(String sqlState, String statement) {
        // given
        int before = sessionPid(single.pool());

        // when
        await(single.pool().query(statement).execute().otherwiseEmpty());

        // then
        Awaitility.await(sqlState)
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> nextSessionPid(single.pool()) != before);
        await(single.close());
    }

    @Test
    @DisplayName("an error inside a transaction reaches the caller before its session ends")
    void reportsErrorOfTransactionToCaller() {
        // when
        Throwable failure = failureOf(single.inTransaction(scope -> scope.connection()
                .query("SET TRANSACTION READ ONLY")
                .execute()
                .compose(set -> scope.connection()
                        .preparedQuery("CREATE TABLE words ()")
                        .execute())));

        // then
        assertThat(DatabaseErrorClassifier.sqlState(failure)).isEqualTo("25006");
        await(single.close());
    }

    @Test
    @DisplayName("one read-only session ends all sessions, since all are on the same server")
    void readOnlyEndsAllSessions() {
        // given
        Set<Integer> before = new HashSet<>();
        List<SqlConnection> connections = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            connections.add(await(database.pool().getConnection()));
        }
        connections.forEach(connection -> before.add(sessionPid(connection)));
        connections.forEach(connection -> await(connection.close()));
        before.add(sessionPid(database.client()));
        before.add(sessionPid(database.heartbeats()));

        // when
        raise(database.pool(), "25006");

        // then
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> Collections.disjoint(before, sessions()));
    }

    @Test
    @DisplayName("a changed table of prepared statements causes one temporary failure")
    void changedTableCausesOneFailure() {
        // given
        await(database.pool().query("CREATE TABLE words (word text)").execute());
        List<SqlConnection> connections = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            connections.add(await(database.pool().getConnection()));
        }
        connections.forEach(connection ->
                await(connection.preparedQuery("SELECT * FROM words").execute()));
        connections.forEach(connection -> await(connection.close()));
        await(database.heartbeats()
                .query("ALTER TABLE words ADD COLUMN more text")
                .execute());

        // when
        Throwable failure =
                failureOf(database.pool().preparedQuery("SELECT * FROM words").execute());

        // then
        assertThat(DatabaseErrorClassifier.sqlState(failure)).isEqualTo("0A000");
        assertThat(DatabaseErrorClassifier.isUnavailable(failure)).isTrue();
        int before = nextSessionPid(database.pool());
        List<Future<?>> again = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            again.add(database.pool().preparedQuery("SELECT * FROM words").execute());
        }
        await(Future.all(again));
        assertThat(before).isPositive();
    }

    private List<Integer> sessions() {
        List<Integer> found = new ArrayList<>();
        TestPostgres.query(
                        url,
                        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'darkroom'")
                .forEach(pid -> found.add(Integer.valueOf(pid)));
        return found;
    }
}

package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Session settings, pool sizes and transactions on a real server. */
@Timeout(240)
class DatabaseTest extends DatabaseFixture {
    @Test
    void setsTimeoutsAndApplicationNameOnEveryConnection() {
        for (SqlClient client : List.of(database.client(), database.pool(), database.heartbeats())) {
            assertThat(setting(client, "statement_timeout")).isEqualTo("2500ms");
            assertThat(setting(client, "lock_timeout")).isEqualTo("700ms");
            assertThat(setting(client, "idle_in_transaction_session_timeout")).isEqualTo("1200ms");
            assertThat(setting(client, "application_name")).isEqualTo("darkroom");
            assertThat(setting(client, "jit")).isEqualTo("off");
            assertThat(setting(client, "client_encoding")).isEqualTo("UTF8");
        }
    }

    @Test
    void opensNoMoreConnectionsThanPoolSize() {
        // when
        List<Future<?>> statements = new ArrayList<>();
        for (SqlClient client : List.of(database.client(), database.pool())) {
            IntStream.range(0, 12)
                    .forEach(i ->
                            statements.add(client.query("SELECT pg_sleep(0.01)").execute()));
        }
        await(Future.all(statements));

        // then
        assertThat(TestPostgres.query(
                        url,
                        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()"
                                + " AND application_name = 'darkroom'"))
                .containsExactly("4");
    }

    @Test
    void commitsTransaction() {
        // given
        TestPostgres.execute(url, "CREATE TABLE words (word text)");

        // when
        String result = await(database.inTransaction(scope -> insert(scope.connection(), "first")
                .compose(inserted -> insert(scope.connection(), "second"))
                .map("done")));

        // then
        assertThat(result).isEqualTo("done");
        assertThat(TestPostgres.query(url, "SELECT word FROM words ORDER BY 1")).containsExactly("first", "second");
    }

    @Test
    void rollsBackFailedTransactionAndFreesConnection() {
        // given
        TestPostgres.execute(url, "CREATE TABLE words (word text)");
        IllegalStateException failure = new IllegalStateException("on purpose");

        // when
        for (int i = 0; i < 10; i++) {
            assertThatThrownBy(() -> await(database.inTransaction(scope ->
                            insert(scope.connection(), "first").compose(inserted -> Future.failedFuture(failure)))))
                    .isSameAs(failure);
            assertThatThrownBy(() -> await(database.inTransaction(scope -> {
                        throw failure;
                    })))
                    .isSameAs(failure);
        }

        // then
        assertThat(TestPostgres.query(url, "SELECT word FROM words")).isEmpty();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> TestPostgres.query(
                                url,
                                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE"
                                        + " 'idle in transaction%'")
                        .isEmpty());
    }

    @Test
    void runsAfterCommitActionsInOrderOnceTheRowsAreVisible() {
        // given
        TestPostgres.execute(url, "CREATE TABLE words (word text)");
        List<String> seen = Collections.synchronizedList(new ArrayList<>());

        // when
        await(database.inTransaction(scope -> {
            scope.afterCommit(() -> seen.addAll(TestPostgres.query(url, "SELECT word FROM words")));
            scope.afterCommit(() -> seen.add("second action"));
            return insert(scope.connection(), "first").onSuccess(inserted -> seen.add("inserted"));
        }));

        // then
        assertThat(seen).containsExactly("inserted", "first", "second action");
    }

    @Test
    void runsNoAfterCommitActionAfterARollback() {
        // given
        TestPostgres.execute(url, "CREATE TABLE words (word text UNIQUE DEFERRABLE INITIALLY DEFERRED)");
        List<String> seen = Collections.synchronizedList(new ArrayList<>());

        // when the work fails, and when the commit fails
        assertThatThrownBy(() -> await(database.inTransaction(scope -> {
                    scope.afterCommit(() -> seen.add("after failed work"));
                    return insert(scope.connection(), "first").compose(inserted -> Future.failedFuture("on purpose"));
                })))
                .hasMessage("on purpose");
        assertThatThrownBy(() -> await(database.inTransaction(scope -> {
                    scope.afterCommit(() -> seen.add("after failed commit"));
                    return insert(scope.connection(), "first").compose(inserted -> insert(scope.connection(), "first"));
                })))
                .hasMessageContaining("words_word_key");

        // then
        assertThat(seen).isEmpty();
    }

    private Future<RowSet<Row>> insert(SqlConnection connection, String word) {
        return connection.preparedQuery("INSERT INTO words VALUES ($1)").execute(Tuple.of(word));
    }

    private String setting(SqlClient client, String name) {
        return await(client.query("SHOW " + name).execute()).iterator().next().getString(0);
    }
}

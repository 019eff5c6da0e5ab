package dev.darkroom.maintenance.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.database.JdbcConnectionFactory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Read-only database connection. Blocking, for one thread. Settings are local to each transaction, because PgBouncer may assign another
 * server session to each transaction.
 */
record ReadOnlySession(Connection connection, Duration statementTimeout, DatabaseUrl url) implements AutoCloseable {
    /** Time that a response may take beyond the statement timeout. */
    private static final Duration RESPONSE_MARGIN = Duration.ofSeconds(25);

    /** Maps a row of a result. */
    interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** Queries to run in one transaction. */
    interface SnapshotQuery<T> {
        T run() throws SQLException;
    }

    /** @throws DatabaseException if the connection fails or is rejected; the message is a single line */
    static ReadOnlySession open(DatabaseUrl url, Duration statementTimeout) {
        Connection connection = null;
        try {
            connection = JdbcConnectionFactory.connect(url, "darkroom doctor", statementTimeout.plus(RESPONSE_MARGIN));
            connection.setReadOnly(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setAutoCommit(false);
            return new ReadOnlySession(connection, statementTimeout, url);
        } catch (SQLException e) {
            closeQuietly(connection);
            throw JdbcConnectionFactory.toException(url, e);
        }
    }

    /**
     * Runs {@code snapshotQuery} in one REPEATABLE READ, READ ONLY transaction, so that all its queries see the same snapshot.
     *
     * @throws DatabaseException if a statement fails; the message is a single line
     */
    <T> T runInSnapshot(SnapshotQuery<T> snapshotQuery) {
        try {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET LOCAL statement_timeout = " + statementTimeout.toMillis());
                // Allows hash joins of whole tables in memory instead of sorting on disk.
                statement.execute("SET LOCAL work_mem = '64MB'");
                // With a pooler, the database user has the settings of the service, which reads few rows by their keys.
                statement.execute("SET LOCAL plan_cache_mode = auto; SET LOCAL enable_seqscan = on;"
                        + " SET LOCAL enable_bitmapscan = on");
            }
            T result = snapshotQuery.run();
            connection.rollback();
            return result;
        } catch (SQLException e) {
            throw JdbcConnectionFactory.toException(url, e);
        }
    }

    /** Returns all rows of a query. {@code values} are the parameters, {@code ?} in the SQL; a {@code String[]} becomes a text array. */
    <T> List<T> query(String sql, List<?> values, RowReader<T> reader) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.size(); i++) {
                Object value = values.get(i);
                if (value instanceof String[] texts) {
                    statement.setArray(i + 1, connection.createArrayOf("text", texts));
                } else {
                    statement.setObject(i + 1, value);
                }
            }
            List<T> rows = new ArrayList<>();
            try (ResultSet result = statement.executeQuery()) {
                while (result.next()) {
                    rows.add(reader.read(result));
                }
            }
            return rows;
        }
    }

    @Override
    public void close() {
        closeQuietly(connection);
    }

    private static void closeQuietly(Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // Ignored: the connection was only used for reading.
        }
    }
}

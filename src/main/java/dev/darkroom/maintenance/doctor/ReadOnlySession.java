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
 * A connection that can only read. Blocking, for one thread. Every statement bounds itself by the transaction it is in, so
 * nothing depends on the session, which behind PgBouncer is not ours.
 */
final class ReadOnlySession implements AutoCloseable {
    /** How much longer than a statement the database may take for its answer. */
    private static final Duration RESPONSE_MARGIN = Duration.ofSeconds(25);

    private final Connection connection;
    private final Duration statementTimeout;
    private final DatabaseUrl url;

    private ReadOnlySession(Connection connection, Duration statementTimeout, DatabaseUrl url) {
        this.connection = connection;
        this.statementTimeout = statementTimeout;
        this.url = url;
    }

    /** What reads one row. */
    interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** What is done in a transaction. */
    interface SnapshotQuery<T> {
        T run() throws SQLException;
    }

    /** @throws DatabaseException in one line when the database cannot be reached or refuses us */
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
     * Runs {@code work} in one REPEATABLE READ READ ONLY transaction: whatever it reads is of one moment.
     *
     * @throws DatabaseException in one line for whatever the database says no to
     */
    <T> T runInSnapshot(SnapshotQuery<T> snapshotQuery) {
        try {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET LOCAL statement_timeout = " + statementTimeout.toMillis());
                // Joins of whole tables: by hashing in memory rather than by sorting on disk.
                statement.execute("SET LOCAL work_mem = '64MB'");
            }
            T result = snapshotQuery.run();
            connection.rollback();
            return result;
        } catch (SQLException e) {
            throw JdbcConnectionFactory.toException(url, e);
        }
    }

    /** All rows of a query with {@code ?} for each value. */
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
            // It was only read from: there is nothing to lose.
        }
    }
}

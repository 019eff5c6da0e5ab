package dev.darkroom.doctor;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.DatabaseException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * A connection that can only read. Blocking, for one thread. Every statement bounds itself by the transaction it is in, so
 * nothing depends on the session, which behind PgBouncer is not ours.
 */
final class Session implements AutoCloseable {
    /** PostgreSQL's codes for a table and a column that does not exist. */
    private static final List<String> OTHER_TABLES = List.of("42P01", "42703");

    private static final String CONNECT_SECONDS = "30";

    private final Connection connection;
    private final Duration statementTimeout;
    private final String name;

    private Session(Connection connection, Duration statementTimeout, String name) {
        this.connection = connection;
        this.statementTimeout = statementTimeout;
        this.name = name;
    }

    /** What reads one row. */
    interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** What is done in a transaction. */
    interface Work<T> {
        T run() throws SQLException;
    }

    /** @throws DatabaseException in one line when the database cannot be reached or refuses us */
    static Session open(DatabaseUrl url, Duration statementTimeout) {
        String name = "the database " + url.database() + " at " + url.host() + ":" + url.port();
        Properties properties = new Properties();
        properties.setProperty("user", url.user());
        properties.setProperty("password", url.password().value());
        properties.setProperty("ApplicationName", "darkroom doctor");
        properties.setProperty("connectTimeout", CONNECT_SECONDS);
        properties.setProperty("loginTimeout", CONNECT_SECONDS);
        properties.setProperty("tcpKeepAlive", "true");
        // A named statement would outlive the transaction.
        properties.setProperty("prepareThreshold", "0");
        Connection connection = null;
        try {
            connection = DriverManager.getConnection(url.jdbcUrl(), properties);
            connection.setReadOnly(true);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setAutoCommit(false);
            return new Session(connection, statementTimeout, name);
        } catch (SQLException e) {
            closeQuietly(connection);
            throw failure(name, e);
        }
    }

    /**
     * Runs {@code work} in one REPEATABLE READ READ ONLY transaction: whatever it reads is of one moment.
     *
     * @throws DatabaseException in one line for whatever the database says no to
     */
    <T> T inSnapshot(Work<T> work) {
        try {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET LOCAL statement_timeout = " + statementTimeout.toMillis());
                // Joins of whole tables: by hashing in memory rather than by sorting on disk.
                statement.execute("SET LOCAL work_mem = '64MB'");
            }
            T result = work.run();
            connection.rollback();
            return result;
        } catch (SQLException e) {
            throw failure(name, e);
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

    private static DatabaseException failure(String name, SQLException e) {
        if (OTHER_TABLES.contains(e.getSQLState())) {
            return new DatabaseException(
                    name + " does not have the tables of this version; the service makes them when it starts", e);
        }
        String reason = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
        return new DatabaseException(name + " cannot be looked at: " + reason, e);
    }
}

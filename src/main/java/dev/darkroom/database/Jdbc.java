package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;

/** Connections of programs that run beside the service, and what their failures mean. Blocking. */
public final class Jdbc {
    /** PostgreSQL's codes for a table and a column that does not exist. */
    private static final List<String> OTHER_TABLES = List.of("42P01", "42703");

    private static final String CONNECT_SECONDS = "30";

    private Jdbc() {}

    /**
     * Connects, giving up after a while.
     *
     * @param program as the database shows it to its operator
     */
    public static Connection connect(DatabaseUrl url, String program) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", url.user());
        properties.setProperty("password", url.password().value());
        properties.setProperty("ApplicationName", program);
        properties.setProperty("connectTimeout", CONNECT_SECONDS);
        properties.setProperty("loginTimeout", CONNECT_SECONDS);
        properties.setProperty("tcpKeepAlive", "true");
        // A named statement would outlive the transaction.
        properties.setProperty("prepareThreshold", "0");
        return DriverManager.getConnection(url.jdbcUrl(), properties);
    }

    /** In one line, for whoever runs the program. */
    public static DatabaseException failure(DatabaseUrl url, SQLException e) {
        String name = "the database " + url.database() + " at " + url.host() + ":" + url.port();
        if (OTHER_TABLES.contains(e.getSQLState())) {
            return new DatabaseException(
                    name + " does not have the tables of this version; the service makes them when it starts", e);
        }
        String reason = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
        return new DatabaseException(name + " cannot be used: " + reason, e);
    }
}

package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;

/** Connections of programs that run beside the service, and what their failures mean. Blocking. */
public final class JdbcConnectionFactory {
    /** PostgreSQL's codes for a table and a column that does not exist. */
    private static final List<String> SCHEMA_MISMATCH_STATES = List.of("42P01", "42703");

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

    private JdbcConnectionFactory() {}

    /**
     * Connects, giving up after 30 s.
     *
     * @param program as the database shows it to its operator
     * @param silence how long the server may take for an answer before the connection is given up; longer than any statement
     */
    public static Connection connect(DatabaseUrl url, String program, Duration silence) throws SQLException {
        Properties properties = connectionProperties(url, program, CONNECT_TIMEOUT, silence);
        properties.setProperty("loginTimeout", seconds(CONNECT_TIMEOUT));
        // A named statement would outlive the transaction.
        properties.setProperty("prepareThreshold", "0");
        return DriverManager.getConnection(url.jdbcUrl(), properties);
    }

    /** What every connection needs: identity, TLS, the choice of the server, and limits for a server that does not answer. */
    static Properties connectionProperties(DatabaseUrl url, String program, Duration connect, Duration silence) {
        Properties properties = new Properties();
        properties.setProperty("user", url.user());
        properties.setProperty("password", url.password().value());
        properties.setProperty("ApplicationName", program);
        properties.setProperty("connectTimeout", seconds(connect));
        properties.setProperty("socketTimeout", seconds(silence));
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("socketFactory", KeepAliveSocketFactory.class.getName());
        if (url.servers().size() > 1 && url.targetSession() != TargetSession.ANY) {
            properties.setProperty("targetServerType", "primary");
        }
        DatabaseTlsConfigurer.configure(properties, url.tls());
        return properties;
    }

    private static String seconds(Duration duration) {
        return String.valueOf(Math.max(1, duration.plusMillis(999).toSeconds()));
    }

    /** In one line, for whoever runs the program. */
    public static DatabaseException toException(DatabaseUrl url, SQLException e) {
        String name = "the database " + url.describe();
        if (SCHEMA_MISMATCH_STATES.contains(e.getSQLState())) {
            return new DatabaseException(
                    name + " does not have the tables of this version; the service makes them when it starts", e);
        }
        String reason = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
        return new DatabaseException(name + " cannot be used: " + reason, e);
    }
}

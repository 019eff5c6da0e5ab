package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;

/** Opens JDBC connections for command-line programs and converts their failures. Blocking. */
public final class JdbcConnectionFactory {
    /** SQLSTATEs undefined_table and undefined_column. */
    private static final List<String> SCHEMA_MISMATCH_STATES = List.of("42P01", "42703");

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

    private JdbcConnectionFactory() {}

    /**
     * Connects, with a timeout of 30 s.
     *
     * @param program the application name in {@code pg_stat_activity}
     * @param readTimeout time without a response after which the connection fails; longer than any statement
     */
    public static Connection connect(DatabaseUrl url, String program, Duration readTimeout) throws SQLException {
        Properties properties = connectionProperties(url, program, CONNECT_TIMEOUT, readTimeout);
        properties.setProperty("loginTimeout", seconds(CONNECT_TIMEOUT));
        // Disables named statements, which outlive the transaction and fail with a pooler.
        properties.setProperty("prepareThreshold", "0");
        return DriverManager.getConnection(url.jdbcUrl(), properties);
    }

    /** Returns the properties of every connection: user, TLS, target server and timeouts. */
    static Properties connectionProperties(
            DatabaseUrl url, String program, Duration connectTimeout, Duration readTimeout) {
        Properties properties = new Properties();
        properties.setProperty("user", url.user());
        properties.setProperty("password", url.password().value());
        properties.setProperty("ApplicationName", program);
        properties.setProperty("connectTimeout", seconds(connectTimeout));
        properties.setProperty("socketTimeout", seconds(readTimeout));
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

    /** Converts an error to an exception with a message of one line for the user of the program. */
    public static DatabaseException toException(DatabaseUrl url, SQLException e) {
        String name = "the database " + url.describe();
        if (SCHEMA_MISMATCH_STATES.contains(e.getSQLState())) {
            return new DatabaseException(
                    name + " does not have the tables of this version; the server creates them when it starts", e);
        }
        return new DatabaseException(name + " cannot be used: " + singleLineMessage(e), e);
    }

    static String singleLineMessage(Exception e) {
        return String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}

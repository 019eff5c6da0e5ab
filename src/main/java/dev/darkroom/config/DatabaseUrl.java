package dev.darkroom.config;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Parsed connection URI of a PostgreSQL database: {@code postgresql://user:password@host:port/database}. Several hosts name
 * servers of one replicated database, of which one accepts writes.
 *
 * @param servers in the order of connection attempts, at least one
 * @param database never null
 * @param user never null
 * @param password {@link Secret#NONE} when there is none
 * @param tls never null
 * @param targetSession never null
 */
public record DatabaseUrl(
        List<ServerAddress> servers,
        String database,
        String user,
        Secret password,
        Tls tls,
        TargetSession targetSession) {

    /**
     * Host and port of one server.
     *
     * @param host a name or an address; an IPv6 address has no brackets
     * @param port 1 to 65535
     */
    public record ServerAddress(String host, int port) {
        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /** TLS mode of connections, as libpq defines them. */
    public enum SslMode {
        /** No TLS. */
        DISABLE,
        /** TLS if the server supports it. An attacker on the network path can prevent it. */
        PREFER,
        /** TLS with any certificate. */
        REQUIRE,
        /** TLS with a certificate of a trusted authority, for any host name. */
        VERIFY_CA,
        /** TLS with a certificate of a trusted authority that names the host. */
        VERIFY_FULL;

        /** Returns whether clients verify the certificate of the server. */
        public boolean verifies() {
            return this == VERIFY_CA || this == VERIFY_FULL;
        }
    }

    /**
     * TLS settings of connections to the database.
     *
     * @param rootCertificates absolute path of a PEM file; null for the authorities that the Java runtime trusts
     */
    public record Tls(SslMode mode, Path rootCertificates) {
        /** No encryption. */
        public static final Tls NONE = new Tls(SslMode.DISABLE, null);
    }

    /** Kind of server that a connection accepts, when there are several. */
    public enum TargetSession {
        /** The first server that accepts connections. */
        ANY,
        /** A server that accepts writes. */
        READ_WRITE,
        /** A server that is not a standby. */
        PRIMARY
    }

    public DatabaseUrl {
        servers = List.copyOf(servers);
    }

    /** Creates a URL of one server, without TLS. */
    public DatabaseUrl(String host, int port, String database, String user, Secret password) {
        this(List.of(new ServerAddress(host, port)), database, user, password, Tls.NONE, TargetSession.READ_WRITE);
    }

    /** Returns the value of {@code sslmode} or {@code target_session_attrs} that a constant stands for. */
    public static String parameterValue(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns the host of the first server. */
    public String host() {
        return servers.get(0).host();
    }

    /** Returns the port of the first server. */
    public int port() {
        return servers.get(0).port();
    }

    /** Returns a copy with the given TLS settings. */
    public DatabaseUrl withTls(Tls other) {
        return new DatabaseUrl(servers, database, user, password, other, targetSession);
    }

    /** Returns database and servers for messages, without credentials: {@code darkroom at db1:5432, db2:5432}. */
    public String describe() {
        return database + " at " + servers.stream().map(ServerAddress::toString).collect(Collectors.joining(", "));
    }

    /**
     * Returns the URL for the JDBC driver, without user, password and parameters. The driver decodes the database name as
     * {@code application/x-www-form-urlencoded}.
     */
    public String jdbcUrl() {
        String hosts = servers.stream()
                .map(serverAddress -> serverAddress.host().indexOf(':') >= 0
                        ? '[' + serverAddress.host() + "]:" + serverAddress.port()
                        : serverAddress.toString())
                .collect(Collectors.joining(","));
        return "jdbc:postgresql://" + hosts + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8);
    }
}

package dev.darkroom.config;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The address of a PostgreSQL database: {@code postgresql://user:password@host:port/database}, or several servers that
 * replicate each other, of which one accepts writes.
 *
 * @param servers in the order in which they are tried, at least one
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
     * One server.
     *
     * @param host a name or an address; without brackets when it is an IPv6 address
     * @param port 1 to 65535
     */
    public record ServerAddress(String host, int port) {
        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /** How connections are encrypted: the modes of PostgreSQL's own clients. */
    public enum SslMode {
        DISABLE,
        /** TLS where the server speaks it; an attacker on the way can prevent it. */
        PREFER,
        /** TLS, with any certificate. */
        REQUIRE,
        /** TLS, with a certificate of a trusted authority, for any name. */
        VERIFY_CA,
        /** TLS, with a certificate of a trusted authority for the name of the server. */
        VERIFY_FULL;

        /** The value of the parameter {@code sslmode}. */
        public String parameterValue() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Whether the certificate of the server is verified. */
        public boolean verifies() {
            return this == VERIFY_CA || this == VERIFY_FULL;
        }
    }

    /**
     * TLS towards the server.
     *
     * @param rootCertificates absolute, in PEM; null for the authorities that the Java runtime trusts
     */
    public record Tls(SslMode mode, Path rootCertificates) {
        /** No encryption. */
        public static final Tls NONE = new Tls(SslMode.DISABLE, null);
    }

    /** Which of several servers is accepted. */
    public enum TargetSession {
        /** The first that accepts connections. */
        ANY,
        /** One whose sessions can write. */
        READ_WRITE,
        /** One that is not a standby. */
        PRIMARY;

        /** The value of the parameter {@code target_session_attrs}. */
        public String parameterValue() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public DatabaseUrl {
        servers = List.copyOf(servers);
    }

    /** One server, without encryption. */
    public DatabaseUrl(String host, int port, String database, String user, Secret password) {
        this(List.of(new ServerAddress(host, port)), database, user, password, Tls.NONE, TargetSession.READ_WRITE);
    }

    /** The host of the first server. */
    public String host() {
        return servers.get(0).host();
    }

    /** The port of the first server. */
    public int port() {
        return servers.get(0).port();
    }

    /** The same servers with other encryption. */
    public DatabaseUrl withTls(Tls other) {
        return new DatabaseUrl(servers, database, user, password, other, targetSession);
    }

    /** For messages: {@code darkroom at db1:5432, db2:5432}. */
    public String describe() {
        return database + " at " + servers.stream().map(ServerAddress::toString).collect(Collectors.joining(", "));
    }

    /** For the JDBC driver, without user, password and parameters. The driver decodes the name of the database as a form does. */
    public String jdbcUrl() {
        String hosts = servers.stream()
                .map(serverAddress -> serverAddress.host().indexOf(':') >= 0
                        ? '[' + serverAddress.host() + "]:" + serverAddress.port()
                        : serverAddress.toString())
                .collect(Collectors.joining(","));
        return "jdbc:postgresql://" + hosts + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8);
    }
}

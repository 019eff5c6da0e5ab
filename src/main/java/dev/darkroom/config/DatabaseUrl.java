package dev.darkroom.config;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Where a PostgreSQL is: {@code postgresql://user:password@host:port/database}.
 *
 * @param host never null; without brackets when it is an IPv6 address
 * @param port 1 to 65535
 * @param database never null
 * @param user never null
 * @param password {@link Secret#NONE} when there is none
 */
public record DatabaseUrl(String host, int port, String database, String user, Secret password) {

    /** For the JDBC driver, without user and password. The driver decodes the name of the database as a form does. */
    public String jdbcUrl() {
        String name = host.indexOf(':') >= 0 ? '[' + host + ']' : host;
        return "jdbc:postgresql://" + name + ":" + port + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8);
    }
}

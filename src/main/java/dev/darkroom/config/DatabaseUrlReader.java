package dev.darkroom.config;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Understands {@code postgresql://user:password@host:port/database}, the connection URI of PostgreSQL's own tools
 * (PostgreSQL manual, "Connection URIs"), with one host and without parameters. The value is a secret: no message shows
 * any of it but the names of parameters.
 */
final class DatabaseUrlReader {
    private static final String SHAPE = "postgresql://user:password@host:port/database";
    private static final int DEFAULT_PORT = 5432;
    private static final Pattern SCHEME = Pattern.compile("(?i)postgres(ql)?://(.*)", Pattern.DOTALL);
    private static final Pattern REST = Pattern.compile(
            "(?<authority>[^/?#]*)(?<path>/[^?#]*)?(\\?(?<query>[^#]*))?(?<fragment>#.*)?", Pattern.DOTALL);
    private static final Pattern HOST_AND_PORT =
            Pattern.compile("(\\[(?<v6>[0-9A-Fa-f:.]+)]|(?<name>[A-Za-z0-9._-]+))(:(?<port>[0-9]{1,5}))?");
    private static final Pattern PARAMETER_NAME = Pattern.compile("[A-Za-z_]{1,40}");

    private static final Pattern PERCENT_ENCODED = Pattern.compile("([^%]|%[0-9A-Fa-f]{2})*+");

    private final Value value;

    private DatabaseUrlReader(Value value) {
        this.value = value;
    }

    static DatabaseUrl read(Value value) {
        return new DatabaseUrlReader(value).read();
    }

    private DatabaseUrl read() {
        if (value.text().regionMatches(true, 0, "jdbc:", 0, 5)) {
            throw value.expected(SHAPE + " without \"jdbc:\" in front and with user and password inside");
        }
        Matcher url = SCHEME.matcher(value.text());
        if (!url.matches()) {
            throw value.expected(SHAPE);
        }
        Matcher rest = REST.matcher(url.group(2));
        if (!rest.matches()) {
            throw value.expected(SHAPE);
        }
        String authority = rest.group("authority");
        int at = authority.lastIndexOf('@');
        // Anything past a stray /, ? or # could be the rest of a password, so this comes before parameters are named.
        if (at != authority.indexOf('@') || url.group(2).indexOf('@', authority.length()) >= 0) {
            throw value.expected(SHAPE + " with @, /, ? and # in user and password written %40, %2F, %3F and %23");
        }
        refuseParameters(rest.group("query"));
        if (rest.group("fragment") != null) {
            throw value.expected(SHAPE + " without a fragment (write # as %23)");
        }
        return assemble(at < 0 ? "" : authority.substring(0, at), authority.substring(at + 1), rest.group("path"));
    }

    private void refuseParameters(String query) {
        if (query == null) {
            return;
        }
        String names = Arrays.stream(query.split("&", -1))
                .map(parameter -> parameter.split("=", 2)[0])
                .filter(name -> PARAMETER_NAME.matcher(name).matches())
                .distinct()
                .collect(Collectors.joining(", "));
        String unsupported = names.isEmpty() ? "" : " (unsupported: " + names + ")";
        throw value.expected(SHAPE + " without parameters" + unsupported);
    }

    private DatabaseUrl assemble(String userInfo, String hostAndPort, String path) {
        int colon = userInfo.indexOf(':');
        String user = decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
        String password = colon < 0 ? "" : decode(userInfo.substring(colon + 1));
        if (user.isEmpty()) {
            throw value.expected(SHAPE + " with a user");
        }
        Matcher host = HOST_AND_PORT.matcher(hostAndPort);
        if (!host.matches()) {
            throw value.expected(SHAPE + " with one host: a name, an IPv4 address or an IPv6 address in brackets");
        }
        int port = host.group("port") == null ? DEFAULT_PORT : Integer.parseInt(host.group("port"));
        if (port < 1 || port > 65535) {
            throw value.expected(SHAPE + " with a port from 1 to 65535");
        }
        String database = path == null ? "" : decode(path.substring(1));
        if (database.isEmpty()) {
            throw value.expected(SHAPE + " with a database");
        }
        String name = host.group("v6") == null ? host.group("name") : host.group("v6");
        return new DatabaseUrl(name, port, database, user, new Secret(password));
    }

    /** RFC 3986, section 2.1: unlike in a form, a plus sign means a plus sign. */
    private String decode(String text) {
        if (!PERCENT_ENCODED.matcher(text).matches()) {
            throw value.expected(SHAPE + " with every % written %25 or followed by two hexadecimal digits");
        }
        String decoded = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        // The decoder puts the replacement character where bytes are no UTF-8; PostgreSQL's protocol cannot carry NUL.
        if (decoded.indexOf('\uFFFD') >= 0 || decoded.indexOf('\0') >= 0) {
            throw value.expected(SHAPE + " percent-encoded as UTF-8 and without NUL");
        }
        return decoded;
    }
}

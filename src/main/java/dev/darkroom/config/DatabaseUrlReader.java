package dev.darkroom.config;

import dev.darkroom.config.DatabaseUrl.ServerAddress;
import dev.darkroom.config.DatabaseUrl.SslMode;
import dev.darkroom.config.DatabaseUrl.TargetSession;
import dev.darkroom.config.DatabaseUrl.Tls;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Parses {@code postgresql://user:password@host:port/database}, the connection URI of libpq (PostgreSQL manual, "Connection
 * URIs"). Supports several hosts and the parameters {@code sslmode}, {@code sslrootcert} and {@code target_session_attrs}. The
 * value is a secret: messages contain only names of parameters.
 *
 * @param base absolute; relative paths in the URL resolve against it
 */
record DatabaseUrlReader(SettingValue settingValue, Path base) {
    private static final String EXPECTED_FORMAT = "postgresql://user:password@host:port/database";
    private static final int DEFAULT_PORT = 5432;
    private static final Pattern URL = Pattern.compile(
            "(?i)postgres(ql)?://(?<authority>[^/?#]*)(?<path>/[^?#]*)?(\\?(?<query>[^#]*))?(?<fragment>#.*)?",
            Pattern.DOTALL);
    private static final Pattern HOST_AND_PORT =
            Pattern.compile("(\\[(?<v6>[0-9A-Fa-f:.]+)]|(?<name>[A-Za-z0-9._-]+))(:(?<port>[0-9]{1,5}))?");
    private static final String SSL_MODE = "sslmode";
    private static final String SSL_ROOT_CERT = "sslrootcert";
    private static final String TARGET_SESSION = "target_session_attrs";
    private static final Set<String> PARAMETERS = Set.of(SSL_MODE, SSL_ROOT_CERT, TARGET_SESSION);
    private static final Pattern PARAMETER_NAME = Pattern.compile("[A-Za-z_]{1,40}");

    private static final Pattern PERCENT_ENCODED = Pattern.compile("([^%]|%[0-9A-Fa-f]{2})*+");

    /** @throws SettingsException when the text is not a valid URI */
    DatabaseUrl read() {
        if (settingValue.text().regionMatches(true, 0, "jdbc:", 0, 5)) {
            throw expected(" without \"jdbc:\" in front and with user and password inside");
        }
        Matcher url = URL.matcher(settingValue.text());
        if (!url.matches()) {
            throw expected("");
        }
        String authority = url.group("authority");
        int at = authority.lastIndexOf('@');
        // Text after a stray /, ? or # may be part of a password. Reject it before a message can name parameters.
        if (at != authority.indexOf('@') || settingValue.text().indexOf('@', url.end("authority")) >= 0) {
            throw expected(" with @, /, ? and # in user and password written %40, %2F, %3F and %23");
        }
        Map<String, String> parameters = parameters(url.group("query"));
        if (url.group("fragment") != null) {
            throw expected(" without a fragment (write # as %23)");
        }
        return build(
                at < 0 ? "" : authority.substring(0, at), authority.substring(at + 1), url.group("path"), parameters);
    }

    private SettingsException expected(String condition) {
        return settingValue.expected(EXPECTED_FORMAT + condition);
    }

    private Map<String, String> parameters(String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query == null) {
            return parameters;
        }
        List<String> given = List.of(query.split("&", -1));
        List<String> unknown = given.stream()
                .map(parameter -> parameter.split("=", 2)[0])
                .filter(name -> !PARAMETERS.contains(name))
                .toList();
        if (!unknown.isEmpty()) {
            String unsupported = unknown.stream()
                    .filter(name -> PARAMETER_NAME.matcher(name).matches())
                    .distinct()
                    .collect(Collectors.joining(", "));
            throw expected(" with no parameters but sslmode, sslrootcert and target_session_attrs"
                    + (unsupported.isEmpty() ? "" : " (unsupported: " + unsupported + ")"));
        }
        for (String parameter : given) {
            String[] parts = parameter.split("=", 2);
            String text = parts.length < 2 ? "" : decode(parts[1]);
            if (text.isEmpty() || parameters.put(parts[0], text) != null) {
                throw expected(" with one value for " + parts[0]);
            }
        }
        return parameters;
    }

    private DatabaseUrl build(String userInfo, String hosts, String path, Map<String, String> parameters) {
        int colon = userInfo.indexOf(':');
        String user = decode(colon < 0 ? userInfo : userInfo.substring(0, colon));
        String password = colon < 0 ? "" : decode(userInfo.substring(colon + 1));
        if (user.isEmpty()) {
            throw expected(" with a user");
        }
        List<ServerAddress> servers = servers(hosts);
        String database = path == null ? "" : decode(path.substring(1));
        if (database.isEmpty()) {
            throw expected(" with a database");
        }
        return new DatabaseUrl(
                servers,
                database,
                user,
                new Secret(password),
                tls(parameters),
                choice(parameters, TARGET_SESSION, TargetSession.READ_WRITE));
    }

    private List<ServerAddress> servers(String hosts) {
        List<ServerAddress> servers = new ArrayList<>();
        for (String hostAndPort : hosts.split(",", -1)) {
            Matcher host = HOST_AND_PORT.matcher(hostAndPort);
            if (!host.matches()) {
                throw expected(
                        " with hosts separated by commas: a name, an IPv4 address or an IPv6 address in brackets each");
            }
            int port = host.group("port") == null ? DEFAULT_PORT : Integer.parseInt(host.group("port"));
            if (port < 1 || port > 65535) {
                throw expected(" with a port from 1 to 65535");
            }
            servers.add(new ServerAddress(host.group("v6") == null ? host.group("name") : host.group("v6"), port));
        }
        return servers;
    }

    private Tls tls(Map<String, String> parameters) {
        SslMode mode = choice(parameters, SSL_MODE, SslMode.DISABLE);
        String file = parameters.get(SSL_ROOT_CERT);
        if (file == null) {
            return new Tls(mode, null);
        }
        if (!mode.verifies()) {
            throw expected(" with sslrootcert only beside sslmode=verify-ca or sslmode=verify-full");
        }
        try {
            return new Tls(mode, base.resolve(file).normalize());
        } catch (InvalidPathException e) {
            throw expected(" with a file in sslrootcert");
        }
    }

    private <T extends Enum<T>> T choice(Map<String, String> parameters, String name, T defaultChoice) {
        T[] choices = defaultChoice.getDeclaringClass().getEnumConstants();
        String text = parameters.getOrDefault(name, DatabaseUrl.parameterValue(defaultChoice));
        return Stream.of(choices)
                .filter(choice -> DatabaseUrl.parameterValue(choice).equals(text))
                .findFirst()
                .orElseThrow(() -> expected(" with " + name + " one of "
                        + Stream.of(choices).map(DatabaseUrl::parameterValue).collect(Collectors.joining(", "))));
    }

    /** Decodes percent-encoding as RFC 3986, section 2.1. Unlike in a form, a plus sign is a plus sign. */
    private String decode(String text) {
        if (!PERCENT_ENCODED.matcher(text).matches()) {
            throw expected(" with every % written %25 or followed by two hexadecimal digits");
        }
        String decoded = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        // The decoder replaces invalid UTF-8 by U+FFFD. The PostgreSQL protocol cannot carry NUL.
        if (decoded.indexOf('\uFFFD') >= 0 || decoded.indexOf('\0') >= 0) {
            throw expected(" percent-encoded as UTF-8 and without NUL");
        }
        return decoded;
    }
}

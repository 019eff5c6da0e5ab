package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.HostAndPort;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Host and origin checks for requests of web pages. A server without authentication trusts the machine of the client, and a browser on that
 * machine sends requests for every visited page. So such a server accepts only its own host names, and rejects changing requests that a
 * page of another origin sends. Immutable.
 *
 * @param corsOrigins origins of pages that may read responses and send any request; an asterisk stands for all
 * @param allowedHosts accepted host names
 * @param ownOrigins origins of the service itself, besides the host that the request names in {@code Host}; may be empty
 * @param checksOrigins whether requests of other origins are rejected
 */
public record HostAndOriginPolicy(
        List<String> corsOrigins, AllowedHosts allowedHosts, Set<String> ownOrigins, boolean checksOrigins) {
    private static final String ANY_ORIGIN = "*";
    private static final String SEC_FETCH_SITE = "Sec-Fetch-Site";
    private static final Set<HttpMethod> SAFE_METHODS = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    /** Rejects nothing; for a port without changing operations, and for tests. */
    public static HostAndOriginPolicy unrestricted(List<String> corsOrigins) {
        return new HostAndOriginPolicy(List.copyOf(corsOrigins), AllowedHosts.ALL, Set.of(), false);
    }

    public static HostAndOriginPolicy forApi(Settings settings) {
        Set<String> ownOrigins = new HashSet<>();
        URI publicUrl = settings.publicUrl();
        if (publicUrl != null) {
            ownOrigins.add((publicUrl.getScheme() + "://" + publicUrl.getRawAuthority()).toLowerCase(Locale.ROOT));
        }
        return new HostAndOriginPolicy(
                List.copyOf(settings.http().corsOrigins()),
                AllowedHosts.forApi(settings),
                Set.copyOf(ownOrigins),
                settings.auth() == InboundSettings.AuthMode.LOCAL);
    }

    /** Checks only the host name: the management port has no changing operations. */
    public static HostAndOriginPolicy forManagement(InboundSettings.Management settings) {
        return new HostAndOriginPolicy(List.of(), AllowedHosts.forManagement(settings), Set.of(), false);
    }

    /** Returns whether the settings allow the origin. */
    public boolean allowsOrigin(String origin) {
        return corsOrigins.contains(ANY_ORIGIN) || corsOrigins.contains(origin);
    }

    /**
     * Checks {@code Host} (RFC 9110, section 7.2; RFC 9112, section 3.2; RFC 9113, section 8.3.1).
     *
     * @throws Problem when the host is missing, duplicate, invalid or not accepted
     */
    public void checkHost(HttpServerRequest request) {
        List<String> hosts = request.headers().getAll(HttpHeaders.HOST);
        HostAndPort authority = request.authority();
        boolean http1 = request.version() != HttpVersion.HTTP_2;
        if (http1 ? hosts.size() > 1 : hosts.stream().anyMatch(host -> hostDiffers(host, authority))) {
            throw Problem.invalid("Host", "must be given once");
        }
        if (http1 && hosts.isEmpty()) {
            if (request.version() == HttpVersion.HTTP_1_1) {
                throw Problem.invalid("Host", "is required");
            }
            // HTTP/1.0 has no such header, and no browser uses HTTP/1.0.
            return;
        }
        if (authority == null || authority.host().isEmpty()) {
            throw Problem.invalid("Host", "must be a host name or an IP address, with or without a port");
        }
        if (!allowedHosts.allows(authority.host()) || !allowsTarget(request.uri())) {
            throw Problem.misdirectedRequest();
        }
    }

    /** Checks the host of a request target in absolute form, which replaces {@code Host} (RFC 9112, section 3.2.2). */
    private boolean allowsTarget(String target) {
        int end = target.indexOf("://");
        if (target.startsWith("/") || end < 0) {
            return true;
        }
        String rest = target.substring(end + "://".length());
        HostAndPort authority = HostAndPort.parseAuthority(rest.split("[/?#]", 2)[0], -1);
        return authority != null && allowedHosts.allows(authority.host());
    }

    private static boolean hostDiffers(String host, HostAndPort authority) {
        HostAndPort other = HostAndPort.parseAuthority(host, -1);
        return other == null || authority == null || !other.host().equalsIgnoreCase(authority.host());
    }

    /**
     * Checks the origin of a request by the headers {@code Origin} (RFC 6454) and {@code Sec-Fetch-Site} (Fetch Metadata) of browsers.
     * Other programs send neither header and pass.
     *
     * @param opensStream whether a safe method is checked too, because the number of streams is limited
     * @throws Problem when a page of another origin sent the request
     */
    public void checkOrigin(HttpServerRequest request, boolean opensStream) {
        if (!checksOrigins || (SAFE_METHODS.contains(request.method()) && !opensStream)) {
            return;
        }
        List<String> origins = request.headers().getAll(HttpHeaders.ORIGIN);
        if (origins.size() == 1 && isTrusted(origins.get(0))) {
            return;
        }
        String site = request.getHeader(SEC_FETCH_SITE);
        boolean crossSite = site != null && !site.equals("same-origin") && !site.equals("none");
        boolean crossOrigin = !origins.isEmpty() && !(origins.size() == 1 && isSameHost(origins.get(0), request));
        if (crossOrigin || (crossSite && !corsOrigins.contains(ANY_ORIGIN))) {
            throw Problem.crossOriginRequest();
        }
    }

    private boolean isTrusted(String origin) {
        return allowsOrigin(origin) || ownOrigins.contains(origin.toLowerCase(Locale.ROOT));
    }

    /** Returns whether the origin has the requested host and port. Ignores the scheme, because a proxy may terminate TLS. */
    private static boolean isSameHost(String origin, HttpServerRequest request) {
        HostAndPort authority = request.authority();
        int end = origin.indexOf("://");
        if (authority == null || end < 0) {
            return false;
        }
        String host = authority.port() < 0 ? authority.host() : authority.host() + ":" + authority.port();
        return origin.substring(end + "://".length()).equalsIgnoreCase(host);
    }
}

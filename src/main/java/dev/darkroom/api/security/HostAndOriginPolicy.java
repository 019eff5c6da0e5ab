package dev.darkroom.api.security;

import dev.darkroom.api.problem.Problem;
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
 * What requests of web pages may do. A server that asks nobody for credentials trusts the machine that a request comes from, and a
 * browser sends requests from that machine for every page that its user visits. So such a server answers only for its own host names,
 * and refuses requests that change something when a page of another origin sends them. Immutable.
 *
 * @param corsOrigins origins whose pages may read answers and send any request; an asterisk stands for all
 * @param allowedHosts the host names that are answered for
 * @param ownOrigins origins of the service itself beside the one that the request names in {@code Host}; may be empty
 * @param checksOrigins whether requests of other origins are refused
 */
public record HostAndOriginPolicy(
        List<String> corsOrigins, AllowedHosts allowedHosts, Set<String> ownOrigins, boolean checksOrigins) {
    private static final String ANY_ORIGIN = "*";
    private static final String SEC_FETCH_SITE = "Sec-Fetch-Site";
    private static final Set<HttpMethod> SAFE_METHODS = Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    /** Refuses nothing; for a port behind which nothing can be changed, and for tests. */
    public static HostAndOriginPolicy unrestricted(List<String> corsOrigins) {
        return new HostAndOriginPolicy(List.copyOf(corsOrigins), AllowedHosts.ALL, Set.of(), false);
    }

    public static HostAndOriginPolicy forApi(Settings settings) {
        Set<String> own = new HashSet<>();
        URI publicUrl = settings.publicUrl();
        if (publicUrl != null) {
            own.add((publicUrl.getScheme() + "://" + publicUrl.getRawAuthority()).toLowerCase(Locale.ROOT));
        }
        return new HostAndOriginPolicy(
                List.copyOf(settings.http().corsOrigins()),
                AllowedHosts.forApi(settings),
                Set.copyOf(own),
                settings.auth() == Settings.Auth.LOCAL);
    }

    /** The management port changes nothing, so that only its host name matters. */
    public static HostAndOriginPolicy forManagement(Settings.Management settings) {
        return new HostAndOriginPolicy(List.of(), AllowedHosts.forManagement(settings), Set.of(), false);
    }

    /** Whether the operator has named the origin. */
    public boolean allowsOrigin(String origin) {
        return corsOrigins.contains(ANY_ORIGIN) || corsOrigins.contains(origin);
    }

    /**
     * Checks {@code Host} (RFC 9110, section 7.2; RFC 9112, section 3.2; RFC 9113, section 8.3.1).
     *
     * @throws Problem when it is missing, stands there twice or is no host, and when the server does not answer for it
     */
    void checkHost(HttpServerRequest request) {
        List<String> lines = request.headers().getAll(HttpHeaders.HOST);
        HostAndPort authority = request.authority();
        boolean http1 = request.version() != HttpVersion.HTTP_2;
        if (http1 ? lines.size() > 1 : lines.stream().anyMatch(line -> hostDiffers(line, authority))) {
            throw Problem.invalid("Host", "must be given once");
        }
        if (http1 && lines.isEmpty()) {
            if (request.version() == HttpVersion.HTTP_1_1) {
                throw Problem.invalid("Host", "is required");
            }
            // HTTP/1.0 knows no such header, and no browser speaks it.
            return;
        }
        if (authority == null || authority.host().isEmpty()) {
            throw Problem.invalid("Host", "must be a host name or an IP address, with or without a port");
        }
        if (!allowedHosts.allows(authority.host()) || !allowsTarget(request.uri())) {
            throw Problem.misdirectedRequest();
        }
    }

    /** A request target in absolute form names the host in place of {@code Host} (RFC 9112, section 3.2.2). */
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
     * Checks where a request comes from, by what browsers say in {@code Origin} (RFC 6454) and {@code Sec-Fetch-Site} (Fetch Metadata).
     * Programs that are no browsers send neither, and pass.
     *
     * @param opensStream whether a request with a safe method is checked too, since each stream takes a place
     * @throws Problem when a page of another origin sent it
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
        boolean foreignSite = site != null && !site.equals("same-origin") && !site.equals("none");
        boolean foreignOrigin = !origins.isEmpty() && !(origins.size() == 1 && isSameHost(origins.get(0), request));
        if (foreignOrigin || (foreignSite && !corsOrigins.contains(ANY_ORIGIN))) {
            throw Problem.crossOriginRequest();
        }
    }

    private boolean isTrusted(String origin) {
        return allowsOrigin(origin) || ownOrigins.contains(origin.toLowerCase(Locale.ROOT));
    }

    /** Whether the origin is the one that the request was sent to. A proxy may have spoken TLS, so that the scheme does not count. */
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

package dev.darkroom.http.egress;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Locale;

/**
 * HTTP or HTTPS URL without user info and fragment. Immutable.
 *
 * @param tls true for https
 * @param host a name in lower case, or an IP address without brackets
 * @param address the host as an address; null for a name
 * @param port from 1
 * @param target path and query of the request line
 */
public record OutboundUrl(boolean tls, String host, InetAddress address, int port, String target) {
    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;

    /** @param url absolute, http or https, with a host */
    public static OutboundUrl of(URI url) {
        boolean tls = url.getScheme().equalsIgnoreCase("https");
        int port = url.getPort() >= 0 ? url.getPort() : defaultPort(tls);
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String target = url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
        return of(tls, url.getHost().toLowerCase(Locale.ROOT), port, target);
    }

    public static OutboundUrl of(boolean tls, String host, int port, String target) {
        String unbracketed = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        return new OutboundUrl(tls, unbracketed, parseAddress(unbracketed), port, target);
    }

    static int defaultPort(boolean tls) {
        return tls ? HTTPS_PORT : HTTP_PORT;
    }

    /** Returns the {@code Host} header: brackets around an IPv6 address, no default port (RFC 9110, section 7.2). */
    public String authority() {
        return port == defaultPort(tls) ? bracketedHost() : bracketedHost() + ":" + port;
    }

    /** Returns scheme, host and port. For logs, since path and query may contain secrets. */
    public String origin() {
        return (tls ? "https://" : "http://") + bracketedHost() + ":" + port;
    }

    boolean hasSameOrigin(OutboundUrl other) {
        return origin().equals(other.origin());
    }

    private String bracketedHost() {
        return host.indexOf(':') < 0 ? host : '[' + host + ']';
    }

    /** Parses a literal address. Returns null for a name and never resolves one. */
    static InetAddress parseAddress(String host) {
        if (host.indexOf(':') < 0 && !StrictUrl.DOTTED_IPV4.matcher(host).matches()) {
            return null;
        }
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            return null;
        }
    }
}

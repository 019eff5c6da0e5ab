package dev.darkroom.http.egress;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * URL with an unambiguous syntax. Rejects spellings that URL parsers interpret differently, such as a number as an IPv4
 * address, so that each host has one spelling. Immutable.
 *
 * @param text the original URL
 * @param tls true for https
 * @param host a name in lower case, or an IP address without brackets
 * @param address the host as an address; null for a name
 * @param port from 1
 * @param target path and query of the request line
 */
record StrictUrl(String text, boolean tls, String host, InetAddress address, int port, String target) {
    /** Maximum number of characters, sufficient for real URLs and small enough for a database column and a log. */
    static final int MAX_LENGTH = 2048;

    /** IPv4 address without leading zeros, which some parsers read as octal. */
    static final Pattern DOTTED_IPV4 = Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");

    private static final Pattern BRACKETED_IPV6 = Pattern.compile("\\[[0-9a-f:.]{2,45}]");

    /** Host name (RFC 1123) with a last label that is not a number (WHATWG URL, "ends in a number checker"). */
    private static final Pattern HOST_NAME = Pattern.compile(
            "(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*(?!0x|\\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;
    private static final int MAX_PORT = 65535;

    static StrictUrl parse(String text) throws RejectedUrlException {
        if (text.length() > MAX_LENGTH) {
            throw new RejectedUrlException("must have at most " + MAX_LENGTH + " characters");
        }
        if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new RejectedUrlException("must be a URL in ASCII; internationalized host names need punycode");
        }
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new RejectedUrlException("must be a valid URL");
        }
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (uri.isOpaque() || !scheme.equals("https") && !scheme.equals("http")) {
            throw new RejectedUrlException("must be an https URL");
        }
        if (uri.getRawUserInfo() != null
                || String.valueOf(uri.getRawAuthority()).indexOf('@') >= 0) {
            throw new RejectedUrlException("must not contain a user name or password");
        }
        if (uri.getRawFragment() != null) {
            throw new RejectedUrlException("must not contain a fragment");
        }
        return of(text, uri, scheme.equals("https"));
    }

    private static StrictUrl of(String text, URI uri, boolean tls) throws RejectedUrlException {
        String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
        InetAddress address = null;
        if (BRACKETED_IPV6.matcher(host).matches()) {
            address = parseAddress(host);
            host = host.substring(1, host.length() - 1);
        } else if (DOTTED_IPV4.matcher(host).matches()) {
            address = parseAddress(host);
        } else if (uri.getHost() == null || !HOST_NAME.matcher(host).matches()) {
            throw new RejectedUrlException("must have a valid host name or IP address");
        }
        int port = uri.getPort() < 0 ? tls ? HTTPS_PORT : HTTP_PORT : uri.getPort();
        if (port == 0 || port > MAX_PORT || uri.getRawAuthority().endsWith(":")) {
            throw new RejectedUrlException("must have a valid port");
        }
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        return new StrictUrl(text, tls, host, address, port, target);
    }

    /** Parses a literal address. Never resolves a name. */
    private static InetAddress parseAddress(String host) throws RejectedUrlException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new RejectedUrlException("must have a valid host name or IP address");
        }
    }

    /** Converts this URL for the HTTP client. */
    OutboundUrl toOutboundUrl() {
        return OutboundUrl.of(tls, host, port, target);
    }
}

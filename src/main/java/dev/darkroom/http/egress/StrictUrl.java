package dev.darkroom.http.egress;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Parser of URLs with an unambiguous syntax. Rejects spellings that URL parsers interpret differently, such as a number as an
 * IPv4 address, so that each host has one spelling.
 */
final class StrictUrl {
    /** Maximum number of characters, sufficient for real URLs and small enough for a database column and a log. */
    static final int MAX_LENGTH = 2048;

    /** IPv4 address without leading zeros, which some parsers read as octal. */
    static final Pattern DOTTED_IPV4 = Pattern.compile("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}");

    private static final Pattern BRACKETED_IPV6 = Pattern.compile("\\[[0-9a-f:.]{2,45}]");

    /** Host name (RFC 1123) with a last label that is not a number (WHATWG URL, "ends in a number checker"). */
    private static final Pattern HOST_NAME = Pattern.compile(
            "(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*(?!0x|\\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    private static final int MAX_PORT = 65535;

    private StrictUrl() {}

    static OutboundUrl parse(String text) throws RejectedUrlException {
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
        String host = String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT);
        boolean isAddress = BRACKETED_IPV6.matcher(host).matches()
                || DOTTED_IPV4.matcher(host).matches();
        boolean isName = uri.getHost() != null && HOST_NAME.matcher(host).matches();
        if (!isAddress && !isName) {
            throw new RejectedUrlException("must have a valid host name or IP address");
        }
        OutboundUrl url = OutboundUrl.of(uri);
        if (isAddress && url.address() == null) {
            throw new RejectedUrlException("must have a valid host name or IP address");
        }
        if (url.port() == 0 || url.port() > MAX_PORT || uri.getRawAuthority().endsWith(":")) {
            throw new RejectedUrlException("must have a valid port");
        }
        return url;
    }
}

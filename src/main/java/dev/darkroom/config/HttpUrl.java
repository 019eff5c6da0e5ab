package dev.darkroom.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/** Understands the absolute http and https URLs among the settings. */
final class HttpUrl {
    private HttpUrl() {}

    /** The URL without trailing slashes. */
    static URI read(Value value) {
        String url = readExactly(value).toString();
        int end = url.length();
        while (url.charAt(end - 1) == '/') {
            end--;
        }
        return URI.create(url.substring(0, end));
    }

    /** The URL as it was given, but for its scheme, which is in small letters. */
    static URI readExactly(Value value) {
        String expected = "an absolute http or https URL";
        URI uri = parse(value, expected);
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw value.expected(expected);
        }
        if (uri.getRawUserInfo() != null) {
            throw value.expected(expected + " without user and password");
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw value.expected(expected + " without query and fragment");
        }
        if (uri.getHost() == null
                || uri.getRawAuthority().endsWith(":")
                || uri.getPort() > 65535
                || uri.getPort() == 0) {
            throw value.expected(expected + " with a host of letters, digits, dots and hyphens and a valid port");
        }
        return URI.create(scheme + uri.toString().substring(scheme.length()));
    }

    /** The URL without trailing slashes, ending in {@code /v1}. */
    static URI readEndingInV1(Value value) {
        URI uri = read(value);
        if (!uri.getRawPath().endsWith("/v1")) {
            throw value.expected("a URL that ends in /v1, such as http://127.0.0.1:8082/v1");
        }
        return uri;
    }

    private static URI parse(Value value, String expected) {
        try {
            return new URI(value.text());
        } catch (URISyntaxException e) {
            throw value.expected(expected);
        }
    }
}

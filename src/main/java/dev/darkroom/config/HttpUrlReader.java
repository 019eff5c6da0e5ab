package dev.darkroom.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/** Parses settings that are absolute http or https URLs. */
final class HttpUrlReader {
    private HttpUrlReader() {}

    /** Returns the URL without trailing slashes. */
    static URI read(SettingValue settingValue) {
        return URI.create(readExactly(settingValue).toString().replaceFirst("/+$", ""));
    }

    /** Returns the URL unchanged, except for the scheme, which becomes lower case. */
    static URI readExactly(SettingValue settingValue) {
        String expected = "an absolute http or https URL";
        URI uri = parse(settingValue, expected);
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw settingValue.expected(expected);
        }
        if (uri.getRawUserInfo() != null) {
            throw settingValue.expected(expected + " without user and password");
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw settingValue.expected(expected + " without query and fragment");
        }
        if (uri.getHost() == null
                || uri.getRawAuthority().endsWith(":")
                || uri.getPort() > 65535
                || uri.getPort() == 0) {
            throw settingValue.expected(
                    expected + " with a host of letters, digits, dots and hyphens and a valid port");
        }
        return URI.create(scheme + uri.toString().substring(scheme.length()));
    }

    /** Returns the URL without trailing slashes. Requires that it ends in {@code /v1}. */
    static URI readEndingInV1(SettingValue settingValue) {
        URI uri = read(settingValue);
        if (!uri.getRawPath().endsWith("/v1")) {
            throw settingValue.expected("a URL that ends in /v1, such as http://127.0.0.1:8082/v1");
        }
        return uri;
    }

    private static URI parse(SettingValue settingValue, String expected) {
        try {
            return new URI(settingValue.text());
        } catch (URISyntaxException e) {
            throw settingValue.expected(expected);
        }
    }
}

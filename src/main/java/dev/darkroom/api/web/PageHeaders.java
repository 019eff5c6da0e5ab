package dev.darkroom.api.web;

import io.vertx.core.http.HttpServerResponse;
import java.net.URI;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Security headers of an HTML page, in addition to the headers of every response. Scripts, styles and requests are restricted to the origin of the
 * page. There are no inline scripts and styles. Thread-safe.
 */
public final class PageHeaders {
    private static final String PERMISSIONS =
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

    private final Supplier<String> publicUrl;
    private final Set<String> imageOrigins;

    /**
     * @param publicUrl returns the base URL of the service, which image URLs have; it may differ from the URL of the page
     * @param imageOrigins further origins of images, see {@link #origin}
     */
    public PageHeaders(Supplier<String> publicUrl, Set<String> imageOrigins) {
        this.publicUrl = publicUrl;
        this.imageOrigins = Set.copyOf(imageOrigins);
    }

    /** Returns the origin of a URL: scheme, host and port. */
    public static String origin(URI url) {
        return (url.getScheme() + "://" + url.getRawAuthority()).toLowerCase(Locale.ROOT);
    }

    public void put(HttpServerResponse response) {
        response.putHeader("Content-Security-Policy", contentSecurityPolicy())
                .putHeader("Permissions-Policy", PERMISSIONS)
                .putHeader("Cross-Origin-Opener-Policy", "same-origin");
    }

    String contentSecurityPolicy() {
        Set<String> images = new LinkedHashSet<>();
        images.add(origin(URI.create(publicUrl.get())));
        images.addAll(imageOrigins);
        // A policy cannot name IPv6 addresses (CSP Level 3, section 2.3.1), and browsers report an error. The own one
        // is 'self'.
        images.removeIf(origin -> origin.contains("["));
        return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:"
                + images.stream().map(origin -> ' ' + origin).collect(Collectors.joining())
                + "; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none';"
                + " frame-ancestors 'none'";
    }
}

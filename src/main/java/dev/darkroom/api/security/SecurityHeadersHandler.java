package dev.darkroom.api.security;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

/**
 * Sets the default security headers of every response. They forbid scripts, media type sniffing, framing, embedding by other origins and
 * caching. Operation handlers may replace them.
 */
public final class SecurityHeadersHandler implements Handler<RoutingContext> {
    private static final CharSequence CONTENT_TYPE_OPTIONS = HttpHeaders.createOptimized("X-Content-Type-Options");
    private static final CharSequence NO_SNIFF = HttpHeaders.createOptimized("nosniff");
    private static final CharSequence CONTENT_SECURITY_POLICY = HttpHeaders.createOptimized("Content-Security-Policy");
    private static final CharSequence ALLOW_NOTHING =
            HttpHeaders.createOptimized("default-src 'none'; frame-ancestors 'none'");
    private static final CharSequence FRAME_OPTIONS = HttpHeaders.createOptimized("X-Frame-Options");
    private static final CharSequence DENY = HttpHeaders.createOptimized("DENY");
    private static final CharSequence REFERRER_POLICY = HttpHeaders.createOptimized("Referrer-Policy");
    private static final CharSequence NO_REFERRER = HttpHeaders.createOptimized("no-referrer");
    private static final CharSequence RESOURCE_POLICY = HttpHeaders.createOptimized("Cross-Origin-Resource-Policy");
    private static final CharSequence SAME_ORIGIN = HttpHeaders.createOptimized("same-origin");
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final CharSequence STRICT_TRANSPORT_SECURITY =
            HttpHeaders.createOptimized("Strict-Transport-Security");
    private static final CharSequence ONE_YEAR = HttpHeaders.createOptimized("max-age=31536000");

    @Override
    public void handle(RoutingContext context) {
        putHeaders(context);
        context.next();
    }

    public static void putHeaders(RoutingContext context) {
        HttpServerResponse response = context.response()
                .putHeader(CONTENT_TYPE_OPTIONS, NO_SNIFF)
                .putHeader(CONTENT_SECURITY_POLICY, ALLOW_NOTHING)
                .putHeader(FRAME_OPTIONS, DENY)
                .putHeader(REFERRER_POLICY, NO_REFERRER)
                .putHeader(RESOURCE_POLICY, SAME_ORIGIN)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE);
        if (context.request().isSSL()) {
            response.putHeader(STRICT_TRANSPORT_SECURITY, ONE_YEAR);
        }
    }
}

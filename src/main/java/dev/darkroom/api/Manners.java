package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

/**
 * What every answer tells browsers, unless its handler knows better: it is not a page, not to be guessed at, not to be framed or
 * embedded by others, and nobody keeps it.
 */
final class Manners implements Handler<RoutingContext> {
    private static final CharSequence OPTIONS = HttpHeaders.createOptimized("X-Content-Type-Options");
    private static final CharSequence NO_SNIFF = HttpHeaders.createOptimized("nosniff");
    private static final CharSequence POLICY = HttpHeaders.createOptimized("Content-Security-Policy");
    private static final CharSequence NOTHING =
            HttpHeaders.createOptimized("default-src 'none'; frame-ancestors 'none'");
    private static final CharSequence FRAME = HttpHeaders.createOptimized("X-Frame-Options");
    private static final CharSequence DENY = HttpHeaders.createOptimized("DENY");
    private static final CharSequence REFERRER = HttpHeaders.createOptimized("Referrer-Policy");
    private static final CharSequence NO_REFERRER = HttpHeaders.createOptimized("no-referrer");
    private static final CharSequence RESOURCE = HttpHeaders.createOptimized("Cross-Origin-Resource-Policy");
    private static final CharSequence SAME_ORIGIN = HttpHeaders.createOptimized("same-origin");
    private static final CharSequence NO_STORE = HttpHeaders.createOptimized("no-store");
    private static final CharSequence TRANSPORT = HttpHeaders.createOptimized("Strict-Transport-Security");
    private static final CharSequence A_YEAR = HttpHeaders.createOptimized("max-age=31536000");

    @Override
    public void handle(RoutingContext context) {
        apply(context);
        context.next();
    }

    static void apply(RoutingContext context) {
        HttpServerResponse response = context.response()
                .putHeader(OPTIONS, NO_SNIFF)
                .putHeader(POLICY, NOTHING)
                .putHeader(FRAME, DENY)
                .putHeader(REFERRER, NO_REFERRER)
                .putHeader(RESOURCE, SAME_ORIGIN)
                .putHeader(HttpHeaders.CACHE_CONTROL, NO_STORE);
        if (context.request().isSSL()) {
            response.putHeader(TRANSPORT, A_YEAR);
        }
    }
}

package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CorsHandler;
import java.util.List;
import java.util.Set;

/**
 * Lets pages of certain origins read what they ask for (Fetch standard, CORS). Others are answered as if they had not said where
 * they come from: their browser keeps the answer from them. Cookies have no part in this.
 */
final class Cors implements Handler<RoutingContext> {
    private static final String ANY = "*";
    private static final int SECONDS_REMEMBERED = 600;

    /** What it says with an answer: true of a problem too. */
    static final List<String> HEADERS = List.of("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary");

    private final List<String> origins;
    private final CorsHandler library;

    /** @param origins scheme, host and port, or an asterisk for all; may be empty */
    Cors(List<String> origins) {
        this.origins = origins;
        this.library = CorsHandler.create()
                .addOrigins(origins.isEmpty() ? List.of(ANY) : origins)
                .allowedMethods(
                        Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST, HttpMethod.PATCH, HttpMethod.DELETE))
                .allowedHeaders(Set.of(
                        "Authorization",
                        "Content-Type",
                        IdempotencyKeyHeader.NAME,
                        Preferences.HEADER,
                        "If-None-Match",
                        LastEventId.HEADER,
                        RequestId.HEADER))
                .exposedHeaders(Set.of(
                        "Location",
                        "Retry-After",
                        "ETag",
                        "Link",
                        "Allow",
                        "WWW-Authenticate",
                        "Idempotency-Replayed",
                        Preferences.APPLIED,
                        Throttle.LIMIT,
                        Throttle.POLICY,
                        RequestId.HEADER))
                .maxAgeSeconds(SECONDS_REMEMBERED);
    }

    @Override
    public void handle(RoutingContext context) {
        String origin = context.request().getHeader(HttpHeaders.ORIGIN);
        if (origin != null && (origins.contains(origin) || origins.contains(ANY))) {
            library.handle(context);
        } else {
            if (!origins.isEmpty() && !origins.contains(ANY)) {
                // A cache must not give to one origin what it keeps for another.
                context.response().putHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN);
            }
            context.next();
        }
    }
}

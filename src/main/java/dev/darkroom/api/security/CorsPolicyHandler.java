package dev.darkroom.api.security;

import dev.darkroom.api.transport.RequestIdHandler;
import dev.darkroom.api.transport.ResponseHeaders;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CorsHandler;
import java.util.List;
import java.util.Set;

/**
 * Lets pages of the configured origins read responses (Fetch standard, CORS). Responses to other origins have no CORS headers, so a browser
 * withholds them from the page. Credentials in cookies are not supported.
 */
public final class CorsPolicyHandler implements Handler<RoutingContext> {
    private static final String ANY_ORIGIN = "*";
    private static final int MAX_AGE_SECONDS = 600;

    /** Response headers of this handler. They apply to problem documents too. */
    public static final List<String> RESPONSE_HEADERS =
            List.of("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary");

    private final List<String> origins;
    private final CorsHandler delegate;

    /** @param origins scheme, host and port, or an asterisk for all; may be empty */
    public CorsPolicyHandler(List<String> origins) {
        this.origins = origins;
        this.delegate = CorsHandler.create()
                .addOrigins(origins.isEmpty() ? List.of(ANY_ORIGIN) : origins)
                .allowedMethods(
                        Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST, HttpMethod.PATCH, HttpMethod.DELETE))
                .allowedHeaders(Set.of(
                        "Authorization",
                        "Content-Type",
                        "Idempotency-Key",
                        "Prefer",
                        "If-None-Match",
                        "If-Range",
                        "Range",
                        "Last-Event-ID",
                        RequestIdHandler.HEADER))
                .exposedHeaders(Set.of(
                        "Location",
                        "Retry-After",
                        "ETag",
                        "Accept-Ranges",
                        "Content-Range",
                        "Link",
                        "Allow",
                        "WWW-Authenticate",
                        "Idempotency-Replayed",
                        "Preference-Applied",
                        ResponseHeaders.GENERATION_ID,
                        ResponseHeaders.SHOULD_RETRY,
                        RateLimitHandler.LIMIT_HEADER,
                        RateLimitHandler.POLICY_HEADER,
                        RequestIdHandler.HEADER))
                .maxAgeSeconds(MAX_AGE_SECONDS);
    }

    @Override
    public void handle(RoutingContext context) {
        String origin = context.request().getHeader(HttpHeaders.ORIGIN);
        if (origin != null && (origins.contains(origin) || origins.contains(ANY_ORIGIN))) {
            delegate.handle(context);
        } else {
            if (!origins.isEmpty() && !origins.contains(ANY_ORIGIN)) {
                // A cache must not serve one origin the response for another.
                context.response().putHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN);
            }
            context.next();
        }
    }
}

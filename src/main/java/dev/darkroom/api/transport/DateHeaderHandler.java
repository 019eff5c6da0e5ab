package dev.darkroom.api.transport;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Sends the time of each response, from which caches compute its age (RFC 9110, section 6.6.1). */
public final class DateHeaderHandler implements Handler<RoutingContext> {
    /** Format IMF-fixdate. It has two digits for each day; {@link DateTimeFormatter#RFC_1123_DATE_TIME} has one for days below 10. */
    static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    @Override
    public void handle(RoutingContext context) {
        context.addHeadersEndHandler(
                head -> context.response().putHeader(HttpHeaders.DATE, FORMAT.format(Instant.now())));
        context.next();
    }
}

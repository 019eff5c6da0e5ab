package dev.darkroom.api;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/** Gives every request an id, its own when it brought a sane one, and every answer that id. */
final class RequestId implements Handler<RoutingContext> {
    static final String HEADER = "X-Request-Id";

    /** What may go into logs and headers without a second thought. */
    private static final Pattern SANE = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private static final String KEY = RequestId.class.getName();

    @Override
    public void handle(RoutingContext context) {
        String brought = context.request().getHeader(HEADER);
        String id = brought != null && SANE.matcher(brought).matches()
                ? brought
                : UUID.randomUUID().toString();
        context.put(KEY, id);
        context.response().putHeader(HEADER, id);
        context.next();
    }

    /** The id of this request. */
    static String of(RoutingContext context) {
        return context.get(KEY);
    }
}

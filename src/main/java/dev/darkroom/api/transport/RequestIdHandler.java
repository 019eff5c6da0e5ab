package dev.darkroom.api.transport;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/** Gives every request an id, its own when it brought a sane one, and every answer that id. */
public final class RequestIdHandler implements Handler<RoutingContext> {
    public static final String HEADER = "X-Request-Id";

    /** What may go into logs and headers without a second thought. */
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private static final String CONTEXT_KEY = RequestIdHandler.class.getName();

    @Override
    public void handle(RoutingContext context) {
        context.response().putHeader(HEADER, of(context));
        context.next();
    }

    /** The id of this request. The router may refuse one before any handler sees it, so the first who asks decides. */
    public static String of(RoutingContext context) {
        String id = context.get(CONTEXT_KEY);
        if (id == null) {
            id = acceptOrGenerate(context.request().getHeader(HEADER));
            context.put(CONTEXT_KEY, id);
        }
        return id;
    }

    /** The id that a request brought, if it is sane, and a new one otherwise. */
    static String acceptOrGenerate(String brought) {
        return brought != null && VALID.matcher(brought).matches()
                ? brought
                : UUID.randomUUID().toString();
    }
}

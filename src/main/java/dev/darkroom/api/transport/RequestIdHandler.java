package dev.darkroom.api.transport;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.UUID;
import java.util.regex.Pattern;

/** Assigns an id to every request and sends it with the response. Uses the id of the client when it is valid. */
public final class RequestIdHandler implements Handler<RoutingContext> {
    public static final String HEADER = "X-Request-Id";

    /** Ids that are safe in logs and headers. */
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private static final String CONTEXT_KEY = RequestIdHandler.class.getName();

    @Override
    public void handle(RoutingContext context) {
        context.response().putHeader(HEADER, of(context));
        context.next();
    }

    /** Returns the id of a request. Assigned by the first call, because the router may reject a request before any handler runs. */
    public static String of(RoutingContext context) {
        String id = context.get(CONTEXT_KEY);
        if (id == null) {
            id = acceptOrGenerate(context.request().getHeader(HEADER));
            context.put(CONTEXT_KEY, id);
        }
        return id;
    }

    /** Returns the id of the client if it is valid, otherwise a new one. */
    static String acceptOrGenerate(String clientId) {
        return clientId != null && VALID.matcher(clientId).matches()
                ? clientId
                : UUID.randomUUID().toString();
    }
}

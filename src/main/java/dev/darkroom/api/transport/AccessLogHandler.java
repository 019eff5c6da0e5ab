package dev.darkroom.api.transport;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One line per answered request. At debug, since callers poll; what goes wrong on our side is logged where it happens. */
public final class AccessLogHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLogHandler.class);

    @Override
    public void handle(RoutingContext context) {
        if (LOG.isDebugEnabled()) {
            long started = System.nanoTime();
            // Not the end handler, of which there is one, and which is that of SlowRequestGuard.
            context.addBodyEndHandler(ended -> LOG.atDebug()
                    .addKeyValue("request", RequestIdHandler.of(context))
                    .addKeyValue("method", context.request().method())
                    .addKeyValue("path", context.request().path())
                    .addKeyValue("status", context.response().getStatusCode())
                    .addKeyValue("durationMs", (System.nanoTime() - started) / 1_000_000)
                    .log("answered"));
        }
        context.next();
    }
}

package dev.darkroom.api.transport;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs one line per response, at debug level because clients poll. Faults of the server are logged where they occur. */
public final class AccessLogHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLogHandler.class);

    @Override
    public void handle(RoutingContext context) {
        if (LOG.isDebugEnabled()) {
            long started = System.nanoTime();
            // A response has one end handler, and SlowRequestGuard sets it.
            context.addBodyEndHandler(ended -> LOG.atDebug()
                    .addKeyValue("requestId", RequestIdHandler.of(context))
                    .addKeyValue("method", context.request().method())
                    .addKeyValue("path", context.request().path())
                    .addKeyValue("status", context.response().getStatusCode())
                    .addKeyValue("durationMs", (System.nanoTime() - started) / 1_000_000)
                    .log("request answered"));
        }
        context.next();
    }
}

package dev.darkroom.server;

import dev.darkroom.database.DatabaseErrorClassifier;
import io.vertx.core.Handler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was thrown on an event loop and caught by nobody: a mistake, and logged as one. From any thread. */
final class UncaughtExceptionLogger implements Handler<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(UncaughtExceptionLogger.class);

    @Override
    public void handle(Throwable thrown) {
        if (DatabaseErrorClassifier.isLatePoolTimer(thrown)) {
            LOG.debug("a connection that was had in time is said to be late");
        } else {
            LOG.error("unhandled exception", thrown);
        }
    }
}

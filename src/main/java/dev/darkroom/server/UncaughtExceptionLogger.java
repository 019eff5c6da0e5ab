package dev.darkroom.server;

import dev.darkroom.database.DatabaseErrorClassifier;
import io.vertx.core.Handler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs exceptions that reached an event loop without being caught: always a bug. Safe on any thread. */
final class UncaughtExceptionLogger implements Handler<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(UncaughtExceptionLogger.class);

    @Override
    public void handle(Throwable thrown) {
        if (DatabaseErrorClassifier.isLatePoolTimer(thrown)) {
            LOG.debug("late connection timer ignored");
        } else {
            LOG.error("unhandled exception", thrown);
        }
    }
}

package dev.darkroom;

import dev.darkroom.database.DatabaseErrors;
import io.vertx.core.Handler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What was thrown on an event loop and caught by nobody: a mistake, and logged as one. From any thread. */
final class Uncaught implements Handler<Throwable> {
    private static final Logger LOG = LoggerFactory.getLogger(Uncaught.class);

    @Override
    public void handle(Throwable thrown) {
        if (DatabaseErrors.lateTimer(thrown)) {
            LOG.debug("a connection that was had in time is said to be late");
        } else {
            LOG.error("unhandled exception", thrown);
        }
    }
}

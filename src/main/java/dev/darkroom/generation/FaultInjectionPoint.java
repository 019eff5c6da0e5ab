package dev.darkroom.generation;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The moments of an attempt at which a crash is interesting. A test of crashes names one by the system property
 * {@code darkroom.pauseAt} and kills the process once the log says that it stands there. Without the property, passing
 * costs a comparison.
 */
public enum FaultInjectionPoint {
    /** Claimed, nothing sent. */
    BEFORE_CALL,
    /** The AI server has answered, nothing is kept. */
    AFTER_RESPONSE,
    /** The end is written, its transaction is open. */
    BEFORE_COMMIT,
    /** The end is durable, nobody has been told. */
    AFTER_COMMIT;

    private static final Logger LOG = LoggerFactory.getLogger(FaultInjectionPoint.class);
    private static final String SELECTED = System.getProperty("darkroom.pauseAt", "");

    /** Completes with {@code value}; never, when this is the chosen point. */
    public <T> Future<T> pauseIfSelected(T value) {
        if (!name().equals(SELECTED)) {
            return Future.succeededFuture(value);
        }
        LOG.atInfo().addKeyValue("point", this).log("paused");
        return Promise.<T>promise().future();
    }
}

package dev.darkroom.generation;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Points of an attempt at which crash tests stop the process. A test selects one by the system property {@code darkroom.faultInjectionPoint}, waits
 * for its log line and kills the process. Without the property, a point costs one string comparison.
 */
public enum FaultInjectionPoint {
    /** The generation is claimed, no request has been sent. */
    BEFORE_CALL,
    /** The AI server has accepted the job, its id is not stored. Only in protocols with ids of the AI server. */
    AFTER_ACCEPT,
    /** The AI server has responded, no image is stored. */
    AFTER_RESPONSE,
    /** The outcome is written, its transaction is open. */
    BEFORE_COMMIT,
    /** The outcome is committed, no event has been published. */
    AFTER_COMMIT;

    private static final Logger LOG = LoggerFactory.getLogger(FaultInjectionPoint.class);
    private static final String SELECTED = System.getProperty("darkroom.faultInjectionPoint", "");

    /** Completes with {@code value}. Never completes when this point is selected. */
    public <T> Future<T> pauseIfSelected(T value) {
        return isSelected() ? Promise.<T>promise().future() : Future.succeededFuture(value);
    }

    /** Blocks the calling thread for ever when this point is selected. */
    public void blockIfSelected() {
        if (isSelected()) {
            while (true) {
                LockSupport.park();
            }
        }
    }

    private boolean isSelected() {
        boolean selected = name().equals(SELECTED);
        if (selected) {
            LOG.atInfo().addKeyValue("point", this).log("fault injection point reached");
        }
        return selected;
    }
}

package dev.darkroom.image.store;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tracks whether the image store of this process is writable, from the results of writes and of periodic checks. No generation is
 * claimed while it is not. Thread-safe; handlers run on the reporting thread without a lock.
 */
public final class ImageStoreHealth {
    private static final Logger LOG = LoggerFactory.getLogger(ImageStoreHealth.class);

    private final List<Runnable> changeHandlers = new CopyOnWriteArrayList<>();

    private final AtomicInteger retryingWrites = new AtomicInteger();

    /** Guarded by this. */
    private String reason;

    /** Adds a handler that is called after every change of {@link #failing()}. */
    public void onChange(Runnable handler) {
        changeHandlers.add(handler);
    }

    /** Returns whether the last write or check failed. */
    public synchronized boolean failing() {
        return reason != null;
    }

    /** Records that a write failed and is retried until {@link #recordWriteEnd}. */
    public void recordWriteFailure(Throwable cause) {
        retryingWrites.incrementAndGet();
        updateReason(String.valueOf(cause));
    }

    /** Records that a failed write succeeded or is no longer retried. */
    public void recordWriteEnd(boolean stored) {
        retryingWrites.decrementAndGet();
        if (stored) {
            updateReason(null);
        }
    }

    /** Records a successful check. Ignored while a write is retried: a check writes less than an image and may succeed on a full disk. */
    public void recordCheckSuccess() {
        if (retryingWrites.get() == 0) {
            updateReason(null);
        }
    }

    /** Records a failed check. */
    public void recordCheckFailure(Throwable cause) {
        updateReason(String.valueOf(cause));
    }

    /** @param newReason null when the store is writable */
    private void updateReason(String newReason) {
        boolean changed;
        synchronized (this) {
            changed = (reason == null) != (newReason == null);
            reason = newReason;
        }
        if (changed) {
            if (newReason == null) {
                LOG.atInfo().log("image store recovered, claims resumed");
            } else {
                LOG.atWarn().addKeyValue("reason", newReason).log("image store failed, claims paused");
            }
            changeHandlers.forEach(Runnable::run);
        }
    }

    /** Returns the state in the JSON form of the contract. */
    public synchronized JsonObject toJson() {
        JsonObject json = new JsonObject().put("failing", reason != null);
        return reason == null ? json : json.put("reason", reason);
    }
}

package dev.darkroom.image;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the image store of this process can be written to: what writes and regular checks found. While it cannot, no work
 * is claimed. Thread-safe; handlers run on the reporting thread, with no lock held.
 */
public final class ImageStoreHealth {
    private static final Logger LOG = LoggerFactory.getLogger(ImageStoreHealth.class);

    private final List<Runnable> changeHandlers = new CopyOnWriteArrayList<>();

    // Guarded by this.
    private String reason;
    private int retryingWrites;

    /** Calls {@code handler} after every change of {@link #failing()}. */
    public void onChange(Runnable handler) {
        changeHandlers.add(handler);
    }

    /** Returns whether the store failed when it was last used. */
    public synchronized boolean failing() {
        return reason != null;
    }

    /** A write failed and is repeated from now on, until {@link #recordWriteEnd}. */
    public void recordWriteFailure(Throwable cause) {
        synchronized (this) {
            retryingWrites++;
        }
        updateReason(String.valueOf(cause));
    }

    /** A write that had failed succeeded, or was given up. */
    public void recordWriteEnd(boolean stored) {
        synchronized (this) {
            retryingWrites--;
        }
        if (stored) {
            updateReason(null);
        }
    }

    /** A check went well. It is smaller than an image, so that a write that still fails knows better. */
    public void recordCheckSuccess() {
        boolean believed;
        synchronized (this) {
            believed = retryingWrites == 0;
        }
        if (believed) {
            updateReason(null);
        }
    }

    /** A check failed. */
    public void recordCheckFailure(Throwable cause) {
        updateReason(String.valueOf(cause));
    }

    private void updateReason(String now) {
        boolean changed;
        synchronized (this) {
            changed = (reason == null) != (now == null);
            reason = now;
        }
        if (changed) {
            if (now == null) {
                LOG.atInfo().log("image store works again, claims resumed");
            } else {
                LOG.atWarn().addKeyValue("reason", now).log("image store failing, claims stopped");
            }
            changeHandlers.forEach(Runnable::run);
        }
    }

    /** How it stands, in the contract's form. */
    public synchronized JsonObject toJson() {
        JsonObject json = new JsonObject().put("failing", reason != null);
        return reason == null ? json : json.put("reason", reason);
    }
}

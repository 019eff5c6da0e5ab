package dev.darkroom.backend;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The caller's hold on one call under way: how long it may take, and a way to break it off. Thread-safe; abort handlers
 * run on the aborting thread.
 */
public final class BackendCall {
    private final Duration timeout;
    private final List<Runnable> abortHandlers = new ArrayList<>();
    private final Promise<Void> released = Promise.promise();
    private boolean aborted;

    /** @param budget how long the call may take from now on, everything included; positive */
    public BackendCall(Duration budget) {
        this.timeout = budget;
    }

    /** How long the call may take, everything included. */
    public Duration timeout() {
        return timeout;
    }

    /** Breaks the call off: its sockets are closed and it ends as {@link BackendOutcome.Aborted}. Harmless when repeated or late. */
    public void abort() {
        List<Runnable> handlers;
        synchronized (this) {
            if (aborted) {
                return;
            }
            aborted = true;
            handlers = List.copyOf(abortHandlers);
        }
        handlers.forEach(Runnable::run);
    }

    /**
     * Says that the caller has no more use for the pictures of {@link BackendOutcome.Generated}. Until then they count towards what
     * all calls together may hold in memory, and others may have to wait. Harmless when repeated.
     */
    public void release() {
        released.tryComplete();
    }

    /** Completes once {@link #release()} is called. */
    public Future<Void> released() {
        return released.future();
    }

    /** True once {@link #abort()} was called. */
    public synchronized boolean aborted() {
        return aborted;
    }

    /** Runs {@code handler} on abort, at once when that has already happened. */
    public void onAbort(Runnable handler) {
        synchronized (this) {
            if (!aborted) {
                abortHandlers.add(handler);
                return;
            }
        }
        handler.run();
    }
}

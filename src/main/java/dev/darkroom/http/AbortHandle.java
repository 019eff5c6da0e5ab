package dev.darkroom.http;

/** Aborts one HTTP call, even before it has started. For a single call; confined to one event loop. */
public final class AbortHandle {
    private boolean aborted;
    private Runnable onAbort = () -> {};

    /** Aborts the call. It fails with {@link HttpCallException.Reason#ABORTED} unless it has ended. */
    public void abort() {
        aborted = true;
        onAbort.run();
    }

    /** Runs {@code handler} on abort, immediately when the call is already aborted. Replaces an earlier handler. */
    void onAbort(Runnable handler) {
        onAbort = handler;
        if (aborted) {
            handler.run();
        }
    }
}

package dev.darkroom.http;

/** A call that can be broken off, also before it has begun. For one call and one event loop. */
public final class AbortHandle {
    private boolean aborted;
    private Runnable onAbort = () -> {};

    /** Breaks the call off; it fails with {@link HttpCallException.Reason#ABORTED} unless it is over. */
    public void abort() {
        aborted = true;
        onAbort.run();
    }

    void onAbort(Runnable handler) {
        onAbort = handler;
        if (aborted) {
            handler.run();
        }
    }
}

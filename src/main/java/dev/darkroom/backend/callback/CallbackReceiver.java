package dev.darkroom.backend.callback;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.signal.ChangeSignal;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.UUID;

/**
 * Stores the reports of AI servers and wakes the attempts that wait for them, on any node. Futures fail with the errors of the driver.
 * Thread-safe.
 */
public final class CallbackReceiver {
    /** The job with this key has a new report. */
    static final ChangeSignal REPORTED = new ChangeSignal("callback");

    private final CallbackJobStore store;
    private final NotifyChannel notifyChannel;

    public CallbackReceiver(Database database, NotifyChannel notifyChannel) {
        this.store = new CallbackJobStore(database);
        this.notifyChannel = notifyChannel;
    }

    /**
     * Stores a final report.
     *
     * @param tokenExpiry of the token of the report, in seconds since 1970
     * @param report the JSON as received
     */
    public Future<CallbackReceipt> receiveResult(UUID jobKey, long tokenExpiry, Buffer report) {
        return store.storeResult(jobKey, tokenExpiry, report).onSuccess(receipt -> publish(jobKey, receipt));
    }

    /**
     * Stores progress.
     *
     * @param tokenExpiry as for a result
     * @param percent 0 to 100
     */
    public Future<CallbackReceipt> receiveProgress(UUID jobKey, long tokenExpiry, int percent) {
        return store.storeProgress(jobKey, tokenExpiry, percent).onSuccess(receipt -> publish(jobKey, receipt));
    }

    private void publish(UUID jobKey, CallbackReceipt receipt) {
        if (receipt == CallbackReceipt.ACCEPTED) {
            REPORTED.publish(notifyChannel, jobKey.toString());
        }
    }
}

package dev.darkroom.backend.callback;

import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.callback.CallbackJobStore.JobStatus;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Delivers reports to the calls of this process that wait for them. Reads the table after each signal and in intervals. Thread-safe. */
final class CallbackInbox {
    private static final Logger LOG = LoggerFactory.getLogger(CallbackInbox.class);

    /** Finds reports after their signal was lost. */
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(2);

    private final CallbackJobStore store;
    private final Map<UUID, Waiter> waiters = new ConcurrentHashMap<>();
    private final Context context;
    private PeriodicTask poll;

    /** A call that waits for the result of its job. */
    private record Waiter(Context context, JobListener jobListener, Promise<JobStatus> result) {
        void deliver(JobStatus status) {
            context.runOnContext(delivered -> {
                if (status != null
                        && status.percent() != null
                        && !result.future().isComplete()) {
                    jobListener.onProgress(new JobProgress(status.percent(), null));
                }
                if (isFinal(status)) {
                    result.tryComplete(status);
                }
            });
        }

        private static boolean isFinal(JobStatus status) {
            return status == null || status.resultBytes() != null || status.expired();
        }
    }

    CallbackInbox(Vertx vertx, CallbackJobStore store, NotifyChannel notifyChannel) {
        this.store = store;
        this.context = vertx.getOrCreateContext();
        context.runOnContext(started -> poll = CallbackReceiver.REPORTED.subscribe(
                vertx,
                notifyChannel,
                POLL_INTERVAL,
                key -> check(key == null ? waiters.keySet() : Set.of(UUID.fromString(key)))));
    }

    /**
     * Waits until a job has a result, its deadline passes, or it is closed. Call it on the context of the call.
     *
     * @return the status of the job; null when the job does not exist any more
     */
    Future<JobStatus> await(BackendCallScope scope, UUID jobKey, JobListener jobListener) {
        Waiter waiter = new Waiter(Vertx.currentContext(), jobListener, Promise.promise());
        waiters.put(jobKey, waiter);
        scope.onEnd(() -> waiters.remove(jobKey, waiter));
        check(Set.of(jobKey));
        return waiter.result().future();
    }

    private Future<?> check(Collection<UUID> jobKeys) {
        Map<UUID, Waiter> awaited = new HashMap<>();
        jobKeys.forEach(jobKey -> {
            Waiter waiter = waiters.get(jobKey);
            if (waiter != null) {
                awaited.put(jobKey, waiter);
            }
        });
        if (awaited.isEmpty()) {
            return Future.succeededFuture();
        }
        return store.find(awaited.keySet())
                .onSuccess(found -> awaited.forEach((jobKey, waiter) -> waiter.deliver(found.get(jobKey))))
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("callback jobs not read"));
    }

    /** Stops the poll. */
    void close() {
        context.runOnContext(closed -> poll.stop());
    }
}

package dev.darkroom.backend;

import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.UUID;

/**
 * Timeout, job, abort handle and memory release of one call to a backend. Thread-safe. Abort handlers run on the thread that
 * calls {@link #abort()}.
 */
public final class BackendCall {
    private final Duration timeout;
    private final long createdAt = System.nanoTime();
    private final JobReference job;
    private final JobListener jobListener;
    private final InputImageLoader inputImageLoader;
    private final Promise<Void> aborted = Promise.promise();
    private final Promise<Void> released = Promise.promise();
    private volatile boolean sent;
    private volatile TraceSpan span = TraceSpan.NONE;

    /**
     * Creates a call with a new job. The call ignores the reports of the job.
     *
     * @param timeout for the whole call, downloads included; positive
     */
    public BackendCall(Duration timeout) {
        this(timeout, JobReference.of(UUID.randomUUID()), JobListener.NONE);
    }

    /**
     * @param timeout for the whole call, downloads included; positive
     * @param job the job to submit, or the submitted job to look up
     */
    public BackendCall(Duration timeout, JobReference job, JobListener jobListener) {
        this(timeout, job, jobListener, InputImageLoader.NONE);
    }

    /**
     * @param timeout for the whole call, downloads included; positive
     * @param job the job to submit, or the submitted job to look up
     * @param inputImageLoader loads the input images of the request
     */
    public BackendCall(Duration timeout, JobReference job, JobListener jobListener, InputImageLoader inputImageLoader) {
        this.timeout = timeout;
        this.job = job;
        this.jobListener = jobListener;
        this.inputImageLoader = inputImageLoader;
    }

    /** Returns the time that is left for the call, downloads included; positive. */
    public Duration timeout() {
        Duration left = timeout.minusNanos(System.nanoTime() - createdAt);
        return left.toMillis() > 0 ? left : Duration.ofMillis(1);
    }

    /** Returns the job to submit, or the submitted job to look up. */
    public JobReference job() {
        return job;
    }

    /** Returns the loader of the input images of the request. */
    public InputImageLoader inputImageLoader() {
        return inputImageLoader;
    }

    /** Returns the listener for reports about the job. */
    public JobListener jobListener() {
        return jobListener;
    }

    /**
     * Aborts the call: closes its sockets and ends it with {@link BackendOutcome.Aborted}. The job may continue at the AI
     * server, see {@link ImageBackend#cancel}. Does nothing when repeated or when the call has ended.
     */
    public void abort() {
        aborted.tryComplete();
    }

    /**
     * Releases the images of {@link BackendOutcome.Generated}. Until then they count towards the memory budget of all
     * calls, and other calls may have to wait. Does nothing when repeated.
     */
    public void release() {
        released.tryComplete();
    }

    /** Completes once {@link #release()} is called. */
    public Future<Void> released() {
        return released.future();
    }

    /** Sets the span of the running part of the call, the parent of the spans of its requests. */
    public void setSpan(TraceSpan running) {
        span = running;
    }

    /** Returns the span of the running part of the call; {@link TraceSpan#NONE} without tracing. */
    public TraceSpan span() {
        return span;
    }

    /** Declares that the AI server may have received a submission of the call. Not for look-ups. */
    public void markSent() {
        sent = true;
    }

    /** Returns true once the AI server may have received a submission of the call. Complete when the call has ended. */
    public boolean sent() {
        return sent;
    }

    /** Returns true once {@link #abort()} has been called. */
    public boolean aborted() {
        return aborted.future().isComplete();
    }

    /** Runs {@code handler} on abort, immediately when the call is already aborted. */
    public void onAbort(Runnable handler) {
        aborted.future().onSuccess(now -> handler.run());
    }
}

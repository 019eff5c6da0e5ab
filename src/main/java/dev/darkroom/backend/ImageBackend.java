package dev.darkroom.backend;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Client of one AI server. Each protocol has one implementation, in a package of its own below this one. An
 * implementation sends one submission per call, never retries it, and does not depend on generations. Methods may be called
 * on any event loop.
 */
public interface ImageBackend {

    /** Returns the configured name of this backend, as shown to operators and stored with attempts; never null. */
    String name();

    /** Returns the states of the API keys in their order; empty when the AI server needs none. */
    default List<BackendKeyStatus> keys() {
        return List.of();
    }

    /**
     * Returns the limits of requests for a model that follow from the fields that are sent.
     *
     * @param model name of the model at the AI server; null for its default
     */
    default RequestLimits limits(String model) {
        return RequestLimits.NONE;
    }

    /**
     * Asks the AI server for the limits of requests for a model, with free requests.
     *
     * @param model name of the model at the AI server; null for its default
     * @param parameters names of the parameters that requests may have
     * @return completes within {@code timeout}, empty when the protocol has no such request; fails without a usable answer
     */
    default Future<Optional<ServerLimits>> readLimits(String model, Set<String> parameters, Duration timeout) {
        return Future.succeededFuture(Optional.empty());
    }

    /**
     * Sends one submission for images and waits for them. Uses the key of {@link BackendCall#job()} where the protocol has
     * a job id that clients choose. Reports the id that the AI server assigns to {@link BackendCall#jobListener()}. Calls
     * {@link BackendCall#markSent()} before the outcome when the AI server may have received the submission, since only then it is
     * counted and may have a cost.
     *
     * @return completes with the outcome, never fails. At the timeout of the call it completes with a
     *     {@link BackendFailure#TIMED_OUT} failure. When the call is aborted it completes with
     *     {@link BackendOutcome.Aborted}. In both cases the socket is closed within a second.
     */
    Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall);

    /**
     * Returns whether {@link #lookUp} can find a submission after its response was lost.
     *
     * @param job reference of the submission, with the id of the AI server when that was stored
     */
    default boolean canLookUp(JobReference job) {
        return false;
    }

    /**
     * Looks up the submission of {@link BackendCall#job()} and waits for its images. Submits nothing.
     *
     * @return as {@link #generate}; in addition {@link BackendOutcome.JobNotFound} when the AI server does not have the job:
     *     it never arrived, or the server lost it
     */
    default Future<BackendOutcome> lookUp(ImageRequest request, BackendCall backendCall) {
        return Future.succeededFuture(new BackendOutcome.JobNotFound());
    }

    /**
     * Asks the AI server to stop a job, if the protocol can do that without stopping another job. Best effort.
     *
     * @return completes within 10 seconds, never fails
     */
    default Future<Void> cancel(JobReference job) {
        return Future.succeededFuture();
    }

    /**
     * Sends one free request that reports whether the AI server responds.
     *
     * @return completes within {@code timeout}, never fails; {@link HealthCheckResult#PASSED} when the backend has no health check
     */
    default Future<HealthCheckResult> checkHealth(Duration timeout) {
        return Future.succeededFuture(HealthCheckResult.PASSED);
    }

    /** Closes all connections. Active calls end as aborted or failed. */
    Future<Void> close();
}

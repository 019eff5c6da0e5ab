package dev.darkroom.backend;

import io.vertx.core.Future;
import java.time.Duration;

/**
 * Client of one AI server. Each protocol has one implementation, in a package of its own below this one. An
 * implementation sends one submission per call, never retries it, and does not depend on generations.
 */
public interface ImageBackend {

    /** Returns the configured name of this backend, as shown to operators and stored with attempts; never null. */
    String name();

    /**
     * Sends one submission for images.
     *
     * @return completes with the outcome, never fails. At the timeout of the call it completes with a
     *     {@link BackendFailure#TIMED_OUT} failure. When the call is aborted it completes with
     *     {@link BackendOutcome.Aborted}. In both cases the socket is closed within a second.
     */
    Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall);

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

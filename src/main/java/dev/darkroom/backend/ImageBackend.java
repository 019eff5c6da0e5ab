package dev.darkroom.backend;

import io.vertx.core.Future;
import java.time.Duration;

/**
 * An AI server, as we call it. One implementation per protocol, in a package of its own below this one. An
 * implementation makes one submission per call, never retries it, and knows nothing of generations.
 */
public interface ImageBackend {

    /** The name under which operators and attempts know this backend; never null. */
    String name();

    /**
     * Asks for pictures, once.
     *
     * @return completes with the outcome, never fails. When the call's budget is used up it completes as a
     *     {@link BackendFailure#TIMED_OUT} failure and the socket is closed within a second; when the call is aborted it
     *     completes as {@link BackendOutcome.Aborted} and the socket is closed likewise.
     */
    Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall);

    /**
     * Asks the AI server for something that costs nothing, once.
     *
     * @return completes within {@code limit}, never fails; {@link HealthCheckResult#PASSED} where there is nothing to ask for
     */
    default Future<HealthCheckResult> checkHealth(Duration limit) {
        return Future.succeededFuture(HealthCheckResult.PASSED);
    }

    /** Closes connections. Calls under way end as aborted or failed. */
    Future<Void> close();
}

package dev.darkroom.backend.http;

import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.RequestTarget;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;
import java.util.function.Predicate;

/** Free GET requests to an AI server outside of calls: health checks, and documents about the server. Thread-safe. */
public final class BackendProbe {
    /** Maximum body size of a health check response. A longer body is truncated and the check passes. */
    private static final int MAX_HEALTH_CHECK_BYTES = 1 << 16;

    private final BackendHttpClient http;
    private final RequestTarget healthCheckTarget; // null: no health check

    public BackendProbe(BackendHttpClient http, BackendSettings settings) {
        this.http = http;
        this.healthCheckTarget = settings.healthCheckPath() == null ? null : http.target(settings.healthCheckPath());
    }

    /**
     * Sends a GET to the health check path and passes on any status below 500: a 401 or 404 shows that the server responds.
     * Passes without a request when the settings have no path.
     *
     * @return completes within {@code timeout}, never fails
     */
    public Future<HealthCheckResult> checkHealth(Duration timeout) {
        return checkHealth(timeout, outboundResponse -> outboundResponse.status() < 500);
    }

    /**
     * As {@link #checkHealth(Duration)}, with a protocol that reports more than a status.
     *
     * @param healthy evaluates the response; its body may be truncated
     */
    public Future<HealthCheckResult> checkHealth(Duration timeout, Predicate<OutboundResponse> healthy) {
        if (healthCheckTarget == null) {
            return Future.succeededFuture(HealthCheckResult.PASSED);
        }
        return http.<HealthCheckResult>runOutsideCalls(
                        "health check",
                        timeout,
                        scope -> http.send(scope, get(scope, healthCheckTarget), MAX_HEALTH_CHECK_BYTES)
                                .map(outboundResponse -> healthy.test(outboundResponse)
                                        ? HealthCheckResult.PASSED
                                        : HealthCheckResult.FAILED))
                .otherwise(HealthCheckResult.UNREACHABLE);
    }

    /**
     * Sends a GET and parses its response on a worker thread.
     *
     * @param maxBytes maximum size of the response in bytes
     * @param parser parses the decoded body of a success
     * @return completes within {@code timeout}; fails without a success, or when the body cannot be parsed
     */
    public <T> Future<T> fetch(String path, int maxBytes, Duration timeout, ResponseReader.BodyParser<T> parser) {
        return http.runOutsideCalls(
                path,
                timeout,
                scope -> http.read(
                        scope,
                        get(scope, http.target(path)),
                        maxBytes,
                        scope.remaining(),
                        outboundResponse -> http.responses().parse(outboundResponse, parser)));
    }

    private OutboundRequest get(BackendCallScope scope, RequestTarget target) {
        return new OutboundRequest(HttpMethod.GET, target, http.headers(scope), null);
    }
}

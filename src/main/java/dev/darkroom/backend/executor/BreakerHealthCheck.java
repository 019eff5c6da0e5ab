package dev.darkroom.backend.executor;

import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides when an open circuit breaker becomes half-open: after its open duration, when a health check of the AI server passes. A failed
 * health check starts the next open duration.
 *
 * <p>Thread-safe. Calls the breaker and the AI server without the lock of this class.
 */
final class BreakerHealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(BreakerHealthCheck.class);

    /** Consecutive 5xx responses that keep the breaker open. More are ignored: the server may have no health check path. */
    private static final int MAX_FAILED_HEALTH_CHECKS = 3;

    private final Vertx vertx;
    private final String name;
    private final Supplier<Future<HealthCheckResult>> healthCheck;
    private final Runnable passed;

    // Guarded by this.
    private final OpenDurationBackoff openDurations;
    private int failedHealthChecks;
    private boolean closed;
    private long timer = -1;

    /**
     * @param name of the backend
     * @param healthCheck its future never fails
     * @param passed called when the breaker is to become half-open, on any thread
     */
    BreakerHealthCheck(
            Vertx vertx,
            String name,
            BackendSettings.Breaker settings,
            LongSupplier nanoTime,
            Supplier<Future<HealthCheckResult>> healthCheck,
            Runnable passed) {
        this.vertx = vertx;
        this.name = name;
        this.healthCheck = healthCheck;
        this.passed = passed;
        this.openDurations = new OpenDurationBackoff(
                settings.openDuration(),
                settings.maxOpenDuration(),
                () -> ThreadLocalRandom.current().nextDouble(),
                nanoTime);
    }

    /** Starts the next open duration. */
    synchronized void recordOpen() {
        openDurations.nextDuration();
    }

    /** Resets the next open duration, and the count of failed health checks. */
    synchronized void recordClosed() {
        openDurations.resetBackoff();
        failedHealthChecks = 0;
    }

    /** Returns the time until the next health check; zero while it runs. */
    synchronized Duration remainingOpenDuration() {
        return openDurations.remaining();
    }

    /**
     * Checks the AI server at the end of the open duration. Called by the circuit of the library, which knows only a constant duration. For the
     * rest of a longer one that circuit is half-open while the breaker is still open.
     */
    void start() {
        Duration remaining;
        synchronized (this) {
            remaining = openDurations.beyondInitial();
        }
        if (remaining.toMillis() > 0) {
            schedule(remaining);
        } else {
            check();
        }
    }

    private synchronized void schedule(Duration delay) {
        if (!closed) {
            timer = vertx.setTimer(Math.max(1, delay.toMillis()), fired -> check());
        }
    }

    private void check() {
        healthCheck.get().onSuccess(result -> {
            Duration nextDelay = null;
            synchronized (this) {
                if (closed) {
                    return;
                }
                failedHealthChecks = result == HealthCheckResult.FAILED ? failedHealthChecks + 1 : 0;
                boolean staysOpen = result == HealthCheckResult.UNREACHABLE
                        || result == HealthCheckResult.FAILED && failedHealthChecks <= MAX_FAILED_HEALTH_CHECKS;
                if (staysOpen) {
                    nextDelay = openDurations.nextDuration();
                }
            }
            if (nextDelay == null) {
                passed.run();
            } else {
                LOG.atInfo()
                        .addKeyValue("backend", name)
                        .addKeyValue("result", result)
                        .addKeyValue("delayMs", nextDelay.toMillis())
                        .log("backend health check failed, breaker stays open");
                schedule(nextDelay);
            }
        });
    }

    /** Cancels the scheduled health check. The breaker does not change its state any more. */
    synchronized void close() {
        closed = true;
        vertx.cancelTimer(timer);
    }
}

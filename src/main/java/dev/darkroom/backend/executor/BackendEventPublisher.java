package dev.darkroom.backend.executor;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs and publishes changes of the circuit breaker and rate limit pauses of a backend. The event on {@value #ADDRESS} is
 * {@code {"version":1,"backend":name,"type":type,"at":ISO instant}}. Thread-safe.
 */
public record BackendEventPublisher(Vertx vertx, String backend) {
    /** Event-bus address of the events. */
    public static final String ADDRESS = "darkroom.backend.events";

    /** Type of the event that the AI server accepts calls again. */
    public static final String BREAKER_CLOSED = "breaker.closed";

    private static final Logger LOG = LoggerFactory.getLogger(BackendEventPublisher.class);

    void publishBreakerState(BackendExecutor.BreakerState breakerState) {
        switch (breakerState) {
            case OPEN -> logAndPublish("breaker.opened", LOG.atWarn(), "breaker opened");
            case HALF_OPEN -> logAndPublish("breaker.halfOpen", LOG.atInfo(), "breaker half-open");
            case CLOSED -> logAndPublish(BREAKER_CLOSED, LOG.atInfo(), "breaker closed");
        }
    }

    void publishPaused(Duration duration) {
        logAndPublish("backend.paused", LOG.atWarn().addKeyValue("durationMs", duration.toMillis()), "backend paused");
    }

    void publishResumed() {
        logAndPublish("backend.resumed", LOG.atInfo(), "backend resumed");
    }

    void publishDrained() {
        logAndPublish("backend.drained", LOG.atInfo(), "backend drained");
    }

    void publishEnabled() {
        logAndPublish("backend.enabled", LOG.atInfo(), "backend enabled");
    }

    private void logAndPublish(String type, LoggingEventBuilder log, String message) {
        log.addKeyValue("backend", backend).log(message);
        vertx.eventBus()
                .publish(
                        ADDRESS,
                        new JsonObject()
                                .put("version", 1)
                                .put("backend", backend)
                                .put("type", type)
                                .put("at", Rfc3339Timestamp.format(Instant.now())));
    }
}

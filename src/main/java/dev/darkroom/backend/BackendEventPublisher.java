package dev.darkroom.backend;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Tells operators, by log and by event bus, when a backend stops or starts taking calls. Published on
 * {@value #ADDRESS}: {@code {"version":1,"backend":name,"type":type,"at":ISO instant}}.
 */
public final class BackendEventPublisher {
    /** Where they are published. */
    public static final String ADDRESS = "darkroom.backend.events";

    private static final Logger LOG = LoggerFactory.getLogger(BackendEventPublisher.class);

    private final Vertx vertx;
    private final String backend;

    BackendEventPublisher(Vertx vertx, String backend) {
        this.vertx = vertx;
        this.backend = backend;
    }

    void publishBreakerState(BackendExecutor.BreakerState breakerState) {
        switch (breakerState) {
            case OPEN -> logAndPublish("breaker.opened", LOG.atWarn(), "breaker opened");
            case HALF_OPEN -> logAndPublish("breaker.halfOpen", LOG.atInfo(), "breaker half-open");
            case CLOSED -> logAndPublish("breaker.closed", LOG.atInfo(), "breaker closed");
        }
    }

    void publishPaused(Duration length) {
        logAndPublish("backend.paused", LOG.atWarn().addKeyValue("millis", length.toMillis()), "backend paused");
    }

    void publishResumed() {
        logAndPublish("backend.resumed", LOG.atInfo(), "backend resumed");
    }

    private void logAndPublish(String type, LoggingEventBuilder log, String line) {
        log.addKeyValue("backend", backend).log(line);
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

package dev.darkroom.backend;

import dev.darkroom.command.Timestamp;
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
public final class BackendEvents {
    /** Where they are published. */
    public static final String ADDRESS = "darkroom.backend.events";

    private static final Logger LOG = LoggerFactory.getLogger(BackendEvents.class);

    private final Vertx vertx;
    private final String backend;

    BackendEvents(Vertx vertx, String backend) {
        this.vertx = vertx;
        this.backend = backend;
    }

    void entered(Guard.State state) {
        switch (state) {
            case OPEN -> tell("breaker.opened", LOG.atWarn(), "breaker opened");
            case HALF_OPEN -> tell("breaker.halfOpen", LOG.atInfo(), "breaker half-open");
            case CLOSED -> tell("breaker.closed", LOG.atInfo(), "breaker closed");
        }
    }

    void paused(Duration length) {
        tell("backend.paused", LOG.atWarn().addKeyValue("millis", length.toMillis()), "backend paused");
    }

    void resumed() {
        tell("backend.resumed", LOG.atInfo(), "backend resumed");
    }

    private void tell(String type, LoggingEventBuilder log, String line) {
        log.addKeyValue("backend", backend).log(line);
        vertx.eventBus()
                .publish(
                        ADDRESS,
                        new JsonObject()
                                .put("version", 1)
                                .put("backend", backend)
                                .put("type", type)
                                .put("at", Timestamp.text(Instant.now())));
    }
}

package dev.darkroom.generation;

import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.node.Recurring;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an {@link EndWatch} what ends: at once what ends in this process; and after a hint, for all waiters together by one statement,
 * what ends in another. Passes on too that something was deleted there. Now and then it looks without a hint, for one may get
 * lost. Where nobody waits nothing is asked. One instance per process that answers commands.
 */
public final class EndWatchVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(EndWatchVerticle.class);

    private static final Duration UNASKED = Duration.ofSeconds(5);

    /** Hints come as often as generations end. So seldom is looked, however often that is. */
    private static final Duration AT_MOST_EVERY = Duration.ofMillis(100);

    private final EndWatch watch;
    private final GenerationStore store;
    private final Hints hints;
    private Recurring looking;
    private boolean planned;

    public EndWatchVerticle(EndWatch watch, Database database, Hints hints) {
        this.watch = watch;
        this.store = new GenerationStore(database);
        this.hints = hints;
    }

    @Override
    public Future<?> start() {
        Context eventLoop = vertx.getOrCreateContext();
        looking = new Recurring(vertx, UNASKED, this::look);
        looking.start();
        hints.listen(GenerationBus.ENDED_HINT, () -> eventLoop.runOnContext(hint -> lookSoon()));
        hints.listen(
                GenerationBus.FORGET_HINT,
                () -> vertx.eventBus().publish(GenerationBus.FORGET, null, new DeliveryOptions().setLocalOnly(true)));
        return vertx.eventBus()
                .<JsonObject>localConsumer(
                        GenerationBus.EVENTS,
                        event -> watch.ended(UUID.fromString(event.body().getString("id"))))
                .completion();
    }

    @Override
    public Future<?> stop() {
        return looking.stop();
    }

    private void lookSoon() {
        if (!planned) {
            planned = true;
            vertx.setTimer(AT_MOST_EVERY.toMillis(), timer -> {
                planned = false;
                look();
            });
        }
    }

    private Future<?> look() {
        List<UUID> awaited = watch.awaited();
        if (awaited.isEmpty()) {
            return Future.succeededFuture();
        }
        return store.endedAmong(awaited)
                .onSuccess(ended -> ended.forEach(watch::ended))
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("reason", error.getMessage())
                        .log("could not look for what has ended"));
    }
}

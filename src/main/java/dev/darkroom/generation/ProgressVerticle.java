package dev.darkroom.generation;

import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.node.Recurring;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a {@link ProgressWatch} what comes further: soon after it did so in this process, or in another that sent a hint. However many
 * watch, they are served by one statement. Now and then it looks without a hint, for one may get lost. Where nobody watches nothing is
 * asked. One instance per process that answers commands.
 */
public final class ProgressVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressVerticle.class);

    private static final Duration UNASKED = Duration.ofSeconds(2);

    /** What a claim or a batch of ends moves is moved together, and is to be read together. */
    private static final Duration MOMENT = Duration.ofMillis(20);

    private final ProgressWatch watch;
    private final GenerationStore store;
    private final Hints hints;
    private final Set<UUID> moved = new HashSet<>();
    private Recurring looking;

    public ProgressVerticle(ProgressWatch watch, Database database, Hints hints) {
        this.watch = watch;
        this.store = new GenerationStore(database);
        this.hints = hints;
    }

    @Override
    public Future<?> start() {
        Context eventLoop = vertx.getOrCreateContext();
        looking = new Recurring(vertx, UNASKED, () -> look(watch.known()));
        looking.start();
        hints.listen(GenerationBus.PROGRESS_HINT, key -> eventLoop.runOnContext(hint -> hinted(key)));
        vertx.eventBus().<String>localConsumer(GenerationBus.PROGRESS, moved -> moved(UUID.fromString(moved.body())));
        return vertx.eventBus()
                .<JsonObject>localConsumer(
                        GenerationBus.EVENTS,
                        ended -> moved(UUID.fromString(ended.body().getString("id"))))
                .completion();
    }

    @Override
    public Future<?> stop() {
        return looking.stop();
    }

    /** @param key null when it may be any */
    private void hinted(String key) {
        if (key == null) {
            look(watch.known());
        } else {
            moved(UUID.fromString(key));
        }
    }

    private void moved(UUID id) {
        if (watch.watches(id)) {
            if (moved.isEmpty()) {
                vertx.setTimer(MOMENT.toMillis(), timer -> {
                    Map<UUID, Long> known = watch.known(moved);
                    moved.clear();
                    look(known);
                });
            }
            moved.add(id);
        }
    }

    private Future<?> look(Map<UUID, Long> known) {
        if (known.isEmpty()) {
            return Future.succeededFuture();
        }
        return store.furtherThan(known)
                .onSuccess(further -> further.forEach((id, found) -> watch.tell(id, found.orElse(null))))
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("reason", error.getMessage())
                        .log("could not look for what has come further"));
    }
}

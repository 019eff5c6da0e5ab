package dev.darkroom.generation.watch;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.node.PeriodicTask;
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
 * Tells a {@link ProgressSubscribers} what comes further: soon after it did so in this process, or in another that sent a hint. However many
 * watch, they are served by one statement. Now and then it looks without a hint, for one may get lost. Where nobody watches nothing is
 * asked. One instance per process that answers commands.
 */
public final class ProgressVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressVerticle.class);

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(2);

    /** What a claim or a batch of ends moves is moved together, and is to be read together. */
    private static final Duration BATCH_WINDOW = Duration.ofMillis(20);

    private final ProgressSubscribers subscribers;
    private final GenerationStore store;
    private final NotifyChannel notifyChannel;
    private final Set<UUID> changedIds = new HashSet<>();
    private PeriodicTask pollTask;

    public ProgressVerticle(ProgressSubscribers watch, Database database, NotifyChannel notifyChannel) {
        this.subscribers = watch;
        this.store = new GenerationStore(database);
        this.notifyChannel = notifyChannel;
    }

    @Override
    public Future<?> start() {
        Context eventLoop = vertx.getOrCreateContext();
        pollTask = new PeriodicTask(vertx, POLL_INTERVAL, () -> fetchChanges(subscribers.knownVersions()));
        pollTask.start();
        notifyChannel.listen(GenerationBus.PROGRESS_SIGNAL, key -> eventLoop.runOnContext(hint -> onSignal(key)));
        vertx.eventBus()
                .<String>localConsumer(GenerationBus.PROGRESS, moved -> markChanged(UUID.fromString(moved.body())));
        return vertx.eventBus()
                .<JsonObject>localConsumer(
                        GenerationBus.EVENTS,
                        ended -> markChanged(UUID.fromString(ended.body().getString("id"))))
                .completion();
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }

    /** @param key null when it may be any */
    private void onSignal(String key) {
        if (key == null) {
            fetchChanges(subscribers.knownVersions());
        } else {
            markChanged(UUID.fromString(key));
        }
    }

    private void markChanged(UUID id) {
        if (subscribers.hasSubscribers(id)) {
            if (changedIds.isEmpty()) {
                vertx.setTimer(BATCH_WINDOW.toMillis(), timer -> {
                    Map<UUID, Long> known = subscribers.knownVersions(changedIds);
                    changedIds.clear();
                    fetchChanges(known);
                });
            }
            changedIds.add(id);
        }
    }

    private Future<?> fetchChanges(Map<UUID, Long> known) {
        if (known.isEmpty()) {
            return Future.succeededFuture();
        }
        return store.findNewerThan(known)
                .onSuccess(further ->
                        further.forEach((id, found) -> subscribers.notifySubscribers(id, found.orElse(null))))
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("reason", error.getMessage())
                        .log("could not look for what has come further"));
    }
}

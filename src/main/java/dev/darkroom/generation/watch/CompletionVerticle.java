package dev.darkroom.generation.watch;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies the {@link CompletionWaiters} of ended generations, after the signal of any process. A periodic statement checks the
 * generations of all waiters and covers lost signals. Without waiters no statement runs. One instance per process with command verticles.
 */
public final class CompletionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(CompletionVerticle.class);

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(5);

    private final CompletionWaiters waiters;
    private final GenerationStore store;
    private final NotifyChannel notifyChannel;
    private PeriodicTask pollTask;

    public CompletionVerticle(CompletionWaiters waiters, Database database, NotifyChannel notifyChannel) {
        this.waiters = waiters;
        this.store = new GenerationStore(database);
        this.notifyChannel = notifyChannel;
    }

    @Override
    public Future<?> start() {
        pollTask = GenerationSignals.FINISHED.subscribe(vertx, notifyChannel, POLL_INTERVAL, this::onSignal);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }

    /** @param key id of an ended generation; null when any may have ended */
    private Future<?> onSignal(String key) {
        if (key != null) {
            waiters.notifyFinished(UUID.fromString(key));
            return Future.succeededFuture();
        }
        List<UUID> awaited = waiters.awaitedIds();
        if (awaited.isEmpty()) {
            return Future.succeededFuture();
        }
        return store.findFinished(awaited)
                .onSuccess(finished -> finished.forEach(waiters::notifyFinished))
                .onFailure(error -> LOG.atDebug()
                        .addKeyValue("reason", error.getMessage())
                        .log("finished generation query failed"));
    }
}

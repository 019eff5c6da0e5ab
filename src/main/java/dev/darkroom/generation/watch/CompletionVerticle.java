package dev.darkroom.generation.watch;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.node.PeriodicTask;
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
 * Notifies the {@link CompletionWaiters} of ended generations. The end in this process arrives as an event. After a signal of another
 * process, one statement checks the generations of all waiters. A periodic check covers lost signals. Without waiters no statement
 * runs. Also republishes deletions of other processes on the local bus. One instance per process with command verticles.
 */
public final class CompletionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(CompletionVerticle.class);

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(5);

    /** Minimum time between two checks, because signals arrive as often as generations end. */
    private static final Duration MIN_CHECK_INTERVAL = Duration.ofMillis(100);

    private final CompletionWaiters waiters;
    private final GenerationStore store;
    private final NotifyChannel notifyChannel;
    private PeriodicTask pollTask;
    private boolean checkScheduled;

    public CompletionVerticle(CompletionWaiters waiters, Database database, NotifyChannel notifyChannel) {
        this.waiters = waiters;
        this.store = new GenerationStore(database);
        this.notifyChannel = notifyChannel;
    }

    @Override
    public Future<?> start() {
        Context eventLoop = vertx.getOrCreateContext();
        pollTask = new PeriodicTask(vertx, POLL_INTERVAL, this::completeFinished);
        pollTask.start();
        notifyChannel.listen(GenerationBus.FINISHED_SIGNAL, () -> eventLoop.runOnContext(v -> scheduleCheck()));
        notifyChannel.listen(
                GenerationBus.DELETED_SIGNAL,
                () -> vertx.eventBus().publish(GenerationBus.DELETED, null, new DeliveryOptions().setLocalOnly(true)));
        return vertx.eventBus()
                .<JsonObject>localConsumer(
                        GenerationBus.EVENTS,
                        event -> waiters.notifyFinished(
                                UUID.fromString(event.body().getString("id"))))
                .completion();
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }

    private void scheduleCheck() {
        if (!checkScheduled) {
            checkScheduled = true;
            vertx.setTimer(MIN_CHECK_INTERVAL.toMillis(), timer -> {
                checkScheduled = false;
                completeFinished();
            });
        }
    }

    private Future<?> completeFinished() {
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

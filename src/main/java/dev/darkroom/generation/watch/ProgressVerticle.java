package dev.darkroom.generation.watch;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifies the {@link ProgressSubscribers} of changed generations, after the signal of any process. One
 * statement serves all subscribers. A periodic query covers lost signals. Without subscribers no statement runs. One instance per
 * process with API verticles.
 */
public final class ProgressVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressVerticle.class);

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(2);

    /** Time to collect changes, because one claim or batch changes several generations, which one statement then reads. */
    private static final Duration BATCH_WINDOW = Duration.ofMillis(20);

    private final ProgressSubscribers subscribers;
    private final GenerationStore store;
    private final NotifyChannel notifyChannel;
    private final Set<UUID> changedIds = new HashSet<>();
    private PeriodicTask pollTask;

    public ProgressVerticle(ProgressSubscribers subscribers, Database database, NotifyChannel notifyChannel) {
        this.subscribers = subscribers;
        this.store = new GenerationStore(database);
        this.notifyChannel = notifyChannel;
    }

    @Override
    public Future<?> start() {
        GenerationSignals.JOB_PROGRESS.subscribe(vertx, notifyChannel, key -> {
            // Without a key, signals may be lost. The next one shows the progress.
            if (key != null) {
                subscribers.notifySubscribers(JobProgressSignal.parse(key));
            }
        });
        pollTask = GenerationSignals.PROGRESS.subscribe(vertx, notifyChannel, POLL_INTERVAL, this::onSignal);
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }

    /** @param key id of the generation; null when any may have changed */
    private Future<?> onSignal(String key) {
        if (key == null) {
            return fetchChanges(subscribers.knownVersions());
        }
        markChanged(UUID.fromString(key));
        return Future.succeededFuture();
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
                .onSuccess(changed ->
                        changed.forEach((id, found) -> subscribers.notifySubscribers(id, found.orElse(null))))
                .onFailure(error ->
                        LOG.atDebug().addKeyValue("reason", error.getMessage()).log("progress query failed"));
    }
}

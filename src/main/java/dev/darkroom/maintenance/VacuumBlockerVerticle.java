package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.maintenance.VacuumBlockerStore.Observation;
import dev.darkroom.maintenance.VacuumBlockerStore.VacuumBlocker;
import dev.darkroom.node.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Says when something keeps dead rows of the database alive for too long, in the log and to whoever asks: vacuum cannot clear
 * them away, and claims get slower with each. One statement every ten seconds. One instance per process.
 */
public final class VacuumBlockerVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(VacuumBlockerVerticle.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final int MAX_REPORTED = 10;

    private final VacuumBlockerStore store;
    private final Duration ageLimit;
    private final Map<String, Long> firstSeen = new HashMap<>();
    private boolean warning;
    private PeriodicTask pollTask;
    private volatile JsonObject lastObservation =
            new JsonObject().put("alarm", false).put("pins", new JsonArray());

    /** @param limit how old something may be before the alarm begins */
    public VacuumBlockerVerticle(Database database, Duration limit) {
        this.store = new VacuumBlockerStore(database);
        this.ageLimit = limit;
    }

    /** What was last seen, in the contract's form. From any thread. */
    public JsonObject lastObservation() {
        return lastObservation;
    }

    @Override
    public Future<?> start() {
        long interval = Math.max(1, Math.min(INTERVAL.toMillis(), ageLimit.toMillis() / 2));
        // That the database is away is said by others, and what was last seen says when that was.
        pollTask = new PeriodicTask(
                vertx, Duration.ofMillis(interval), () -> store.findBlockers().onSuccess(this::evaluate));
        pollTask.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }

    /** Called by the test as well, which cannot make sessions of another user everywhere. */
    void evaluate(Observation now) {
        long nanos = System.nanoTime();
        firstSeen
                .keySet()
                .retainAll(now.blockers().stream().map(VacuumBlocker::identity).toList());
        now.blockers().forEach(vacuumBlocker -> firstSeen.putIfAbsent(vacuumBlocker.identity(), nanos));
        List<VacuumBlocker> old = now.blockers().stream()
                .map(vacuumBlocker ->
                        vacuumBlocker.age() != null ? vacuumBlocker : withObservedAge(vacuumBlocker, nanos))
                .filter(vacuumBlocker -> vacuumBlocker.age().compareTo(ageLimit) > 0)
                .sorted((one, other) -> other.age().compareTo(one.age()))
                .toList();
        lastObservation = toJson(now, old);
        if (!old.isEmpty() && !warning) {
            logWarning(old, now);
        } else if (old.isEmpty() && warning) {
            LOG.atWarn().addKeyValue("deadQueueRows", now.deadQueueRows()).log("dead rows can be cleared away again");
        }
        warning = !old.isEmpty();
    }

    private VacuumBlocker withObservedAge(VacuumBlocker vacuumBlocker, long nanos) {
        Duration age = Duration.ofNanos(nanos - firstSeen.get(vacuumBlocker.identity()));
        return new VacuumBlocker(
                vacuumBlocker.kind(),
                vacuumBlocker.pid(),
                vacuumBlocker.name(),
                vacuumBlocker.state(),
                age,
                vacuumBlocker.identity());
    }

    private static void logWarning(List<VacuumBlocker> old, Observation now) {
        VacuumBlocker oldest = old.get(0);
        LoggingEventBuilder line = LOG.atWarn().addKeyValue("kind", oldest.kind());
        if (oldest.pid() != null) {
            line = line.addKeyValue("pid", oldest.pid());
        }
        if (oldest.name() != null) {
            line = line.addKeyValue("name", oldest.name());
        }
        if (oldest.state() != null) {
            line = line.addKeyValue("state", oldest.state());
        }
        line.addKeyValue("ageMs", oldest.age().toMillis())
                .addKeyValue("pins", old.size())
                .addKeyValue("deadQueueRows", now.deadQueueRows())
                .log("an old transaction keeps dead rows alive");
    }

    private static JsonObject toJson(Observation now, List<VacuumBlocker> old) {
        JsonArray pins = new JsonArray();
        old.stream().limit(MAX_REPORTED).forEach(vacuumBlocker -> {
            JsonObject json = new JsonObject().put("kind", vacuumBlocker.kind());
            if (vacuumBlocker.pid() != null) {
                json.put("pid", vacuumBlocker.pid());
            }
            if (vacuumBlocker.name() != null) {
                json.put("name", vacuumBlocker.name());
            }
            if (vacuumBlocker.state() != null) {
                json.put("state", vacuumBlocker.state());
            }
            pins.add(json.put("ageMs", vacuumBlocker.age().toMillis()));
        });
        return new JsonObject()
                .put("alarm", !old.isEmpty())
                .put("observedAt", Rfc3339Timestamp.format(Instant.now()))
                .put("deadQueueRows", now.deadQueueRows())
                .put("pins", pins);
    }
}

package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.maintenance.VacuumBlockerStore.Observation;
import dev.darkroom.maintenance.VacuumBlockerStore.VacuumBlocker;
import dev.darkroom.task.PeriodicTaskVerticle;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Monitors transactions and slots that prevent vacuum from removing dead rows for too long; claims get slower with each dead row. Logs
 * the beginning and the end of a warning. Executes one statement every 10 s. Belongs to the event loop that runs its task.
 */
public final class VacuumBlockerMonitor {
    private static final Logger LOG = LoggerFactory.getLogger(VacuumBlockerMonitor.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final int MAX_REPORTED = 10;

    private final VacuumBlockerStore store;
    private final Duration ageLimit;
    /** Time of the first observation of each current blocker ({@link System#nanoTime}), by identity. */
    private final Map<String, Long> firstSeen = new HashMap<>();

    private boolean warning;
    private volatile JsonObject lastObservation =
            new JsonObject().put("longTransactionWarning", false).put("vacuumBlockers", new JsonArray());

    /** @param ageLimit age of a blocker above which the warning starts */
    public VacuumBlockerMonitor(Database database, Duration ageLimit) {
        this.store = new VacuumBlockerStore(database);
        this.ageLimit = ageLimit;
    }

    /** Returns the last observation as JSON, as defined by the contract. Usable from any thread. */
    public JsonObject lastObservation() {
        return lastObservation;
    }

    /** Returns the number of reported blockers of the last observation, at most 10. Usable from any thread. */
    int blockerCount() {
        return lastObservation.getJsonArray("vacuumBlockers").size();
    }

    public PeriodicTaskVerticle.Task task() {
        long interval = Math.max(1, Math.min(INTERVAL.toMillis(), ageLimit.toMillis() / 2));
        // Ignore failures: other components log an unavailable database, and the observation has a timestamp.
        return new PeriodicTaskVerticle.Task(
                Duration.ofMillis(interval), stopped -> store.findBlockers().onSuccess(this::evaluate));
    }

    /** Evaluates an observation. Package-private for the test, which cannot create sessions of another database user. */
    void evaluate(Observation observation) {
        long nowNanos = System.nanoTime();
        firstSeen
                .keySet()
                .retainAll(observation.blockers().stream()
                        .map(VacuumBlocker::identity)
                        .toList());
        observation.blockers().forEach(vacuumBlocker -> firstSeen.putIfAbsent(vacuumBlocker.identity(), nowNanos));
        List<VacuumBlocker> longLived = observation.blockers().stream()
                .map(vacuumBlocker -> vacuumBlocker.age() != null
                        ? vacuumBlocker
                        : vacuumBlocker.withAge(Duration.ofNanos(nowNanos - firstSeen.get(vacuumBlocker.identity()))))
                .filter(vacuumBlocker -> vacuumBlocker.age().compareTo(ageLimit) > 0)
                .sorted(Comparator.comparing(VacuumBlocker::age).reversed())
                .toList();
        lastObservation = toJson(observation, longLived);
        if (!longLived.isEmpty() && !warning) {
            logWarning(observation, longLived);
        } else if (longLived.isEmpty() && warning) {
            LOG.atWarn().addKeyValue("deadTuples", observation.deadQueueRows()).log("vacuum no longer blocked");
        }
        warning = !longLived.isEmpty();
    }

    private static void logWarning(Observation observation, List<VacuumBlocker> longLived) {
        LoggingEventBuilder line = LOG.atWarn();
        for (Map.Entry<String, Object> field : longLived.get(0).toJson()) {
            line = line.addKeyValue(field.getKey(), field.getValue());
        }
        line.addKeyValue("vacuumBlockers", longLived.size())
                .addKeyValue("deadTuples", observation.deadQueueRows())
                .log("long transaction blocks vacuum");
    }

    private static JsonObject toJson(Observation observation, List<VacuumBlocker> longLived) {
        return new JsonObject()
                .put("longTransactionWarning", !longLived.isEmpty())
                .put("observedAt", Rfc3339Timestamp.format(Instant.now()))
                .put("deadTuples", observation.deadQueueRows())
                .put(
                        "vacuumBlockers",
                        new JsonArray(longLived.stream()
                                .limit(MAX_REPORTED)
                                .map(VacuumBlocker::toJson)
                                .toList()));
    }
}

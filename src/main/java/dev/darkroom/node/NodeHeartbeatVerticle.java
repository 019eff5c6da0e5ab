package dev.darkroom.node;

import com.fasterxml.uuid.Generators;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Tuple;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maintains the row of this process in the table of nodes: registers at start, sends heartbeats, registers again with a new id after
 * the row expired, and deregisters at the end. One instance per process. Its statements use connections of their own, so that a
 * heartbeat never queues behind other statements.
 */
public final class NodeHeartbeatVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NodeHeartbeatVerticle.class);

    /** Part of the row's time to live for which the identity is valid locally. The rest is the time to abort backend calls. */
    private static final double LOCAL_TTL_FRACTION = 0.8;

    private final LocalNode localNode;
    private final Database database;
    private final Settings.Node settings;
    private final String version;
    private final String host;
    private final DatabaseClock clock;
    private Future<Void> currentHeartbeat = Future.succeededFuture();
    /** Number of database clock steps at the last confirmed heartbeat. */
    private long confirmedStepCount;

    private boolean stopping;

    /** Resolves the host name, which may block: must not be called on an event loop. */
    public NodeHeartbeatVerticle(LocalNode localNode, Database database, Settings.Node settings, String version) {
        this(localNode, database, settings, version, () -> DatabaseClock.read(database));
    }

    /** @param clockReader reads the database clock */
    NodeHeartbeatVerticle(
            LocalNode localNode,
            Database database,
            Settings.Node settings,
            String version,
            Supplier<Future<OffsetDateTime>> clockReader) {
        this.clock = new DatabaseClock(
                localNode.databaseTime().observe(clockReader), localNode::nanoTime, "node", this::capExpiries);
        this.localNode = localNode;
        this.database = database;
        this.settings = settings;
        this.version = version;
        this.host = resolveHostName();
    }

    @Override
    public Future<?> start() {
        // The first reading of the database clock: measurements use it from the start.
        Future<Void> clockRead = clock.check().otherwiseEmpty();
        return register().compose(registered -> clockRead).onSuccess(registered -> {
            vertx.setPeriodic(settings.heartbeatInterval().toMillis(), timer -> runHeartbeat());
            // Independent of the heartbeats and more frequent, so that a hanging heartbeat does not delay the
            // detection.
            vertx.setPeriodic(
                    Math.max(settings.heartbeatInterval().toMillis() / 5, 10), timer -> checkIdentityExpiry());
        });
    }

    /** Stops claims of this process, locally and in the database. Never fails. */
    public static Future<Void> drain(LocalNode localNode, Database database) {
        localNode.drain();
        return localNode
                .lastConfirmedId()
                .map(id -> database.heartbeats()
                        .preparedQuery(NodeSql.DRAIN)
                        .execute(Tuple.of(id))
                        .<Void>mapEmpty()
                        .otherwiseEmpty())
                .orElse(Future.succeededFuture());
    }

    /** Waits for a pending heartbeat, so that its result cannot register the node again, then deregisters. */
    @Override
    public Future<?> stop() {
        stopping = true;
        return currentHeartbeat
                .timeout(settings.heartbeatInterval().toMillis(), TimeUnit.MILLISECONDS)
                .otherwiseEmpty()
                .compose(done ->
                        localNode.lastConfirmedId().map(this::deregister).orElse(Future.succeededFuture()))
                .otherwiseEmpty();
    }

    private Future<Void> register() {
        UUID id = Generators.timeBasedEpochRandomGenerator().generate();
        long sentAt = localNode.nanoTime();
        return database.heartbeats()
                .preparedQuery(NodeSql.REGISTER)
                .execute(Tuple.of(
                        id,
                        host,
                        version,
                        settings.ttl().toMillis(),
                        localNode.processId(),
                        settings.roleNames().toArray(String[]::new)))
                .<Void>mapEmpty()
                .onSuccess(registered -> {
                    localNode.confirm(id, sentAt, localTtlNanos());
                    LOG.atInfo().addKeyValue("node", id).log("node registered");
                });
    }

    private Future<Void> deregister(UUID id) {
        return database.heartbeats()
                .preparedQuery(NodeSql.DEREGISTER)
                .execute(Tuple.of(id))
                .mapEmpty();
    }

    private void runHeartbeat() {
        if (stopping || !currentHeartbeat.isComplete()) {
            return;
        }
        currentHeartbeat = clock.check()
                .compose(checked ->
                        localNode.lastConfirmedId().map(this::sendHeartbeat).orElseGet(this::register))
                .compose(alive -> deleteExpired())
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("heartbeat failed"))
                .otherwiseEmpty();
    }

    /** Deletes long-expired nodes, unless the database clock stepped recently: then the age of an expiry is unknown. */
    private Future<Void> deleteExpired() {
        return clock.isStableFor(settings.ttl())
                ? database.heartbeats()
                        .preparedQuery(NodeSql.DELETE_EXPIRED)
                        .execute()
                        .mapEmpty()
                : Future.succeededFuture();
    }

    private Future<?> capExpiries(Duration step) {
        localNode.clockStable(false);
        return step.isNegative()
                ? database.heartbeats()
                        .preparedQuery(NodeSql.CAP_EXPIRIES)
                        .execute(Tuple.of(settings.ttl().toMillis()))
                : Future.succeededFuture();
    }

    private Future<Void> sendHeartbeat(UUID id) {
        long sentAt = localNode.nanoTime();
        LocalNode.Throughput throughput = localNode.throughput();
        long stepCount = clock.stepCount();
        boolean stepped = stepCount != confirmedStepCount;
        if (!stepped) {
            localNode.clockStable(true);
        }
        boolean seemsExpired = stepped && localNode.validId().isPresent();
        return database.heartbeats()
                .preparedQuery(seemsExpired ? NodeSql.HEARTBEAT_AFTER_STEP : NodeSql.HEARTBEAT)
                .execute(Tuple.of(
                        id,
                        settings.ttl().toMillis(),
                        throughput.concurrency(),
                        throughput.attemptMillis(),
                        localNode.backendStates()))
                .compose(rows -> {
                    confirmedStepCount = stepCount;
                    if (rows.size() > 0) {
                        localNode.confirm(id, sentAt, localTtlNanos());
                        return Future.succeededFuture();
                    }
                    if (stopping) {
                        return Future.succeededFuture();
                    }
                    LOG.atWarn().addKeyValue("node", id).log("node lease expired, registering again");
                    localNode.invalidate();
                    return register();
                });
    }

    private void checkIdentityExpiry() {
        localNode.lastConfirmedId().filter(id -> localNode.validId().isEmpty()).ifPresent(id -> {
            LOG.atWarn().addKeyValue("node", id).log("node identity expired, attempts aborted");
            localNode.invalidate();
        });
    }

    private long localTtlNanos() {
        return (long) (settings.ttl().toNanos() * LOCAL_TTL_FRACTION);
    }

    private static String resolveHostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}

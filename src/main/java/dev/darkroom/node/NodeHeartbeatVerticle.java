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
 * Keeps this process's row alive: joins at start, says by heartbeat that it lives, takes a new identity when it was taken
 * for dead, leaves at the end. One instance per process. Its statements have connections of their own, so that liveness
 * never queues behind work.
 */
public final class NodeHeartbeatVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NodeHeartbeatVerticle.class);

    /** How much earlier than the database a node stops trusting itself: the time to break its AI calls off. */
    private static final double LOCAL_TTL_FRACTION = 0.8;

    private final LocalNode localNode;
    private final Database database;
    private final Settings.Node settings;
    private final String version;
    private final String host;
    private final DatabaseClock clock;
    private Future<Void> currentHeartbeat = Future.succeededFuture();
    /** Steps of the database's clock when the last heartbeat was confirmed. */
    private long stepsConfirmed;

    private boolean stopping;

    /** Looks the host's name up, which may block for a while: not for an event loop. */
    public NodeHeartbeatVerticle(LocalNode localNode, Database database, Settings.Node settings, String version) {
        this(localNode, database, settings, version, () -> DatabaseClock.read(database));
    }

    /** @param reading the database's clock */
    NodeHeartbeatVerticle(
            LocalNode localNode,
            Database database,
            Settings.Node settings,
            String version,
            Supplier<Future<OffsetDateTime>> reading) {
        this.clock = new DatabaseClock(reading, localNode::nanoTime, "node", this::capExpiries);
        this.localNode = localNode;
        this.database = database;
        this.settings = settings;
        this.version = version;
        this.host = host();
    }

    @Override
    public Future<?> start() {
        return register().onSuccess(joined -> {
            vertx.setPeriodic(settings.heartbeatInterval().toMillis(), timer -> runHeartbeat());
            // Looks more often than it beats: a heartbeat that hangs must not keep a node from noticing.
            vertx.setPeriodic(
                    Math.max(settings.heartbeatInterval().toMillis() / 5, 10), timer -> checkIdentityExpiry());
        });
    }

    /** Tells the database as well that this process wants no more work. Never fails. */
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

    /** A heartbeat under way is waited for, so that what it finds cannot undo the leaving. */
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
                .execute(Tuple.of(id, host, version, settings.ttl().toMillis()))
                .<Void>mapEmpty()
                .onSuccess(joined -> {
                    localNode.confirm(id, sentAt, localTtlNanos());
                    LOG.atInfo().addKeyValue("node", id).log("node joined");
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

    /** Of a clock that has just stepped nothing can be told of how long others are dead. */
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
        long steps = clock.stepCount();
        boolean stepped = steps != stepsConfirmed;
        if (!stepped) {
            localNode.clockStable(true);
        }
        boolean revives = stepped && localNode.validId().isPresent();
        return database.heartbeats()
                .preparedQuery(revives ? NodeSql.HEARTBEAT_AFTER_STEP : NodeSql.HEARTBEAT)
                .execute(Tuple.of(id, settings.ttl().toMillis(), throughput.concurrency(), throughput.attemptMillis()))
                .compose(rows -> {
                    stepsConfirmed = steps;
                    if (rows.size() > 0) {
                        localNode.confirm(id, sentAt, localTtlNanos());
                        return Future.succeededFuture();
                    }
                    if (stopping) {
                        return Future.succeededFuture();
                    }
                    LOG.atWarn().addKeyValue("node", id).log("taken for dead, taking a new identity");
                    localNode.invalidate();
                    return register();
                });
    }

    private void checkIdentityExpiry() {
        localNode.lastConfirmedId().filter(id -> localNode.validId().isEmpty()).ifPresent(id -> {
            LOG.atWarn().addKeyValue("node", id).log("no heartbeat for too long, work is broken off");
            localNode.invalidate();
        });
    }

    private long localTtlNanos() {
        Duration trusted = settings.ttl();
        return (long) (trusted.toNanos() * LOCAL_TTL_FRACTION);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}

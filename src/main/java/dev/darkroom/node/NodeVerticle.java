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
public final class NodeVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NodeVerticle.class);

    /** How much earlier than the database a node stops trusting itself: the time to break its AI calls off. */
    private static final double TRUST = 0.8;

    private final Node node;
    private final Database database;
    private final Settings.Node settings;
    private final String version;
    private final String host;
    private final DatabaseClock clock;
    private Future<Void> beat = Future.succeededFuture();
    /** Steps of the database's clock when the last heartbeat was confirmed. */
    private long stepsConfirmed;

    private boolean leaving;

    /** Looks the host's name up, which may block for a while: not for an event loop. */
    public NodeVerticle(Node node, Database database, Settings.Node settings, String version) {
        this(node, database, settings, version, () -> DatabaseClock.read(database));
    }

    /** @param reading the database's clock */
    NodeVerticle(
            Node node,
            Database database,
            Settings.Node settings,
            String version,
            Supplier<Future<OffsetDateTime>> reading) {
        this.clock = new DatabaseClock(reading, node::now, "node", this::adjust);
        this.node = node;
        this.database = database;
        this.settings = settings;
        this.version = version;
        this.host = host();
    }

    @Override
    public Future<?> start() {
        return join().onSuccess(joined -> {
            vertx.setPeriodic(settings.heartbeat().toMillis(), timer -> beat());
            // Looks more often than it beats: a heartbeat that hangs must not keep a node from noticing.
            vertx.setPeriodic(Math.max(settings.heartbeat().toMillis() / 5, 10), timer -> checkTrust());
        });
    }

    /** Tells the database as well that this process wants no more work. Never fails. */
    public static Future<Void> drain(Node node, Database database) {
        node.drain();
        return node.lastKnown()
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
        leaving = true;
        return beat.timeout(settings.heartbeat().toMillis(), TimeUnit.MILLISECONDS)
                .otherwiseEmpty()
                .compose(done -> node.lastKnown().map(this::leave).orElse(Future.succeededFuture()))
                .otherwiseEmpty();
    }

    private Future<Void> join() {
        UUID id = Generators.timeBasedEpochRandomGenerator().generate();
        long sentAt = node.now();
        return database.heartbeats()
                .preparedQuery(NodeSql.JOIN)
                .execute(Tuple.of(id, host, version, settings.ttl().toMillis()))
                .<Void>mapEmpty()
                .onSuccess(joined -> {
                    node.confirm(id, sentAt, trustNanos());
                    LOG.atInfo().addKeyValue("node", id).log("node joined");
                });
    }

    private Future<Void> leave(UUID id) {
        return database.heartbeats()
                .preparedQuery(NodeSql.LEAVE)
                .execute(Tuple.of(id))
                .mapEmpty();
    }

    private void beat() {
        if (leaving || !beat.isComplete()) {
            return;
        }
        beat = clock.check()
                .compose(checked -> node.lastKnown().map(this::heartbeat).orElseGet(this::join))
                .compose(alive -> bury())
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("heartbeat failed"))
                .otherwiseEmpty();
    }

    /** Of a clock that has just stepped nothing can be told of how long others are dead. */
    private Future<Void> bury() {
        return clock.settledFor(settings.ttl())
                ? database.heartbeats().preparedQuery(NodeSql.BURY).execute().mapEmpty()
                : Future.succeededFuture();
    }

    private Future<?> adjust(Duration step) {
        node.clockSteady(false);
        return step.isNegative()
                ? database.heartbeats()
                        .preparedQuery(NodeSql.SHORTEN)
                        .execute(Tuple.of(settings.ttl().toMillis()))
                : Future.succeededFuture();
    }

    private Future<Void> heartbeat(UUID id) {
        long sentAt = node.now();
        Node.Pace pace = node.pace();
        long steps = clock.steps();
        boolean stepped = steps != stepsConfirmed;
        if (!stepped) {
            node.clockSteady(true);
        }
        boolean revives = stepped && node.trusted().isPresent();
        return database.heartbeats()
                .preparedQuery(revives ? NodeSql.HEARTBEAT_AFTER_STEP : NodeSql.HEARTBEAT)
                .execute(Tuple.of(id, settings.ttl().toMillis(), pace.concurrency(), pace.attemptMillis()))
                .compose(rows -> {
                    stepsConfirmed = steps;
                    if (rows.size() > 0) {
                        node.confirm(id, sentAt, trustNanos());
                        return Future.succeededFuture();
                    }
                    if (leaving) {
                        return Future.succeededFuture();
                    }
                    LOG.atWarn().addKeyValue("node", id).log("taken for dead, taking a new identity");
                    node.lose();
                    return join();
                });
    }

    private void checkTrust() {
        node.lastKnown().filter(id -> node.trusted().isEmpty()).ifPresent(id -> {
            LOG.atWarn().addKeyValue("node", id).log("no heartbeat for too long, work is broken off");
            node.lose();
        });
    }

    private long trustNanos() {
        Duration trusted = settings.ttl();
        return (long) (trusted.toNanos() * TRUST);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }
}

package dev.darkroom.eventbus.cluster;

import dev.darkroom.config.Settings;
import dev.darkroom.generation.GenerationBus;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this process in the cluster: joins at the start, joins again after a lost membership, leaves at the stop. Only the
 * commands of a process without generation verticles depend on the membership. State is confined to its event loop.
 */
public final class ClusterVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterVerticle.class);

    /** Time for which a start waits for unresponsive members. Longer than joining a healthy cluster takes. */
    private static final Duration JOIN_WAIT = Duration.ofSeconds(10);

    private static final Duration REJOIN_DELAY = Duration.ofSeconds(2);

    private final Settings.Cluster settings;
    private final List<String> events;
    private final boolean handlesCommands;
    private final Duration replyTimeout;
    private final String nodeId = UUID.randomUUID().toString();

    private ClusterBridge clusterBridge;

    /** Null while this process is not in the cluster. */
    private ClusterMembership membership;

    private boolean stopping;

    /**
     * @param events addresses of the events that are exchanged with the cluster
     * @param handlesCommands whether this process has generation verticles, which handle commands; if not, its commands go to a member
     *     that has them
     * @param replyTimeout reply timeout of a command
     */
    public ClusterVerticle(
            Settings.Cluster settings, List<String> events, boolean handlesCommands, Duration replyTimeout) {
        this.settings = settings;
        this.events = List.copyOf(events);
        this.handlesCommands = handlesCommands;
        this.replyTimeout = replyTimeout;
    }

    /** Completes after the first attempt to join, at the latest after {@link #JOIN_WAIT}. Never fails. */
    @Override
    public Future<?> start() {
        warnIfReachable();
        clusterBridge = new ClusterBridge(vertx, nodeId, replyTimeout);
        events.forEach(address -> vertx.eventBus().localConsumer(address, this::forwardToCluster));
        if (!handlesCommands) {
            vertx.eventBus().localConsumer(GenerationBus.TYPED_COMMANDS, this::forwardCommand);
        }
        Promise<Void> started = Promise.promise();
        long joinTimer = vertx.setTimer(JOIN_WAIT.toMillis(), timer -> {
            if (started.tryComplete()) {
                LOG.warn("cluster join timed out, starting without cluster");
            }
        });
        join().onComplete(joined -> {
            vertx.cancelTimer(joinTimer);
            if (joined.failed()) {
                handleJoinFailure(joined.cause());
            }
            started.tryComplete();
        });
        return started.future();
    }

    @Override
    public Future<?> stop() {
        stopping = true;
        ClusterMembership leaving = membership;
        membership = null;
        return leaving == null ? Future.succeededFuture() : leaving.leave();
    }

    /** Joins the cluster. Completes on the event loop of this verticle. */
    private Future<Void> join() {
        Promise<Void> done = Promise.promise();
        ClusterMembership.join(settings)
                .compose(this::openBridge)
                .onComplete(
                        joined -> context.runOnContext(now -> {
                            onJoined(joined);
                            done.complete();
                        }),
                        failure -> context.runOnContext(now -> done.fail(failure)));
        return done.future();
    }

    private Future<ClusterMembership> openBridge(ClusterMembership joined) {
        return clusterBridge
                .registerConsumers(joined.vertx(), events, handlesCommands)
                .map(joined)
                .recover(failure -> joined.leave().transform(left -> Future.failedFuture(failure)));
    }

    private void onJoined(ClusterMembership joined) {
        if (stopping) {
            joined.leave();
            return;
        }
        membership = joined;
        joined.watch(() -> context.runOnContext(now -> onLost(joined)));
    }

    private void onLost(ClusterMembership lost) {
        LOG.warn("cluster membership lost");
        membership = null;
        lost.leave().onComplete(left -> context.runOnContext(now -> scheduleJoin()));
    }

    private void scheduleJoin() {
        if (!stopping) {
            vertx.setTimer(REJOIN_DELAY.toMillis(), timer -> join().onFailure(this::handleJoinFailure));
        }
    }

    private void handleJoinFailure(Throwable failure) {
        LOG.atWarn().addKeyValue("reason", failure.toString()).log("cluster join failed, retry scheduled");
        scheduleJoin();
    }

    private void forwardToCluster(Message<Object> event) {
        if (membership != null) {
            clusterBridge.publishToCluster(membership.vertx(), event);
        }
    }

    private void forwardCommand(Message<Object> command) {
        clusterBridge.forwardTypedCommand(command, membership == null ? null : membership.vertx());
    }

    private void warnIfReachable() {
        if (!isLoopback(settings.host())) {
            LOG.atWarn()
                    .addKeyValue("host", settings.host())
                    .addKeyValue("port", settings.port())
                    .addKeyValue("busPort", settings.busPort())
                    .log("cluster ports reachable without authentication");
        }
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
    }
}

package dev.darkroom.eventbus.cluster;

import dev.darkroom.config.Settings;
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
 * Keeps this process in the cluster: joins, joins again when the membership is lost, leaves. Whether it succeeds is no
 * condition for anything else. Its state lives on its event loop.
 */
public final class ClusterVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterVerticle.class);

    /** How long a start waits for members that hang. Longer than a cluster that is well takes. */
    private static final Duration JOIN_WAIT = Duration.ofSeconds(10);

    private static final Duration REJOIN_DELAY = Duration.ofSeconds(2);

    private final Settings.Cluster settings;
    private final List<String> events;
    private final boolean answersCommands;
    private final Duration replyTimeout;
    private final String nodeId = UUID.randomUUID().toString();

    private ClusterBridge clusterBridge;
    /** Null while there is none. */
    private ClusterMembership membership;

    private boolean stopping;

    /**
     * @param events addresses on which events are exchanged with the cluster
     * @param answers whether commands are answered in this process
     * @param replyTimeout how long an answer may take
     */
    public ClusterVerticle(Settings.Cluster settings, List<String> events, boolean answers, Duration replyTimeout) {
        this.settings = settings;
        this.events = List.copyOf(events);
        this.answersCommands = answers;
        this.replyTimeout = replyTimeout;
    }

    /** Never fails, and does not wait for long, whether members are away or hang. */
    @Override
    public Future<?> start() {
        warnIfReachable();
        clusterBridge = new ClusterBridge(vertx, nodeId, replyTimeout);
        events.forEach(address -> vertx.eventBus().localConsumer(address, this::forwardToCluster));
        Promise<Void> started = Promise.promise();
        long patience = vertx.setTimer(JOIN_WAIT.toMillis(), timer -> {
            if (started.tryComplete()) {
                LOG.warn("not in the cluster yet, which does not answer; starting without it");
            }
        });
        join().onComplete(joined -> {
            vertx.cancelTimer(patience);
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

    /** Completes on our event loop. */
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
                .registerConsumers(joined.vertx(), events, answersCommands)
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
        LOG.warn("lost the cluster");
        membership = null;
        lost.leave().onComplete(left -> context.runOnContext(now -> scheduleJoin()));
    }

    private void scheduleJoin() {
        if (!stopping) {
            vertx.setTimer(REJOIN_DELAY.toMillis(), timer -> join().onFailure(this::handleJoinFailure));
        }
    }

    private void handleJoinFailure(Throwable failure) {
        LOG.atWarn().addKeyValue("reason", failure.toString()).log("could not join the cluster, trying again");
        scheduleJoin();
    }

    private void forwardToCluster(Message<Object> event) {
        if (membership != null) {
            clusterBridge.publishToCluster(membership.vertx(), event);
        }
    }

    private void warnIfReachable() {
        if (!isLoopback(settings.host())) {
            LOG.atWarn()
                    .addKeyValue("host", settings.host())
                    .addKeyValue("port", settings.port())
                    .addKeyValue("busPort", settings.busPort())
                    .log("whoever reaches these ports can join the cluster without a password and command as any user");
        }
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
    }
}

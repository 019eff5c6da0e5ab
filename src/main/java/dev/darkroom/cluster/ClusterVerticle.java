package dev.darkroom.cluster;

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
    private static final Duration START = Duration.ofSeconds(10);

    private static final Duration REJOIN = Duration.ofSeconds(2);

    private final Settings.Cluster settings;
    private final List<String> events;
    private final boolean answers;
    private final Duration replyTimeout;
    private final String node = UUID.randomUUID().toString();

    private Bridge bridge;
    /** Null while there is none. */
    private Membership member;

    private boolean stopping;

    /**
     * @param events addresses on which events are exchanged with the cluster
     * @param answers whether commands are answered in this process
     * @param replyTimeout how long an answer may take
     */
    public ClusterVerticle(Settings.Cluster settings, List<String> events, boolean answers, Duration replyTimeout) {
        this.settings = settings;
        this.events = List.copyOf(events);
        this.answers = answers;
        this.replyTimeout = replyTimeout;
    }

    /** Never fails, and does not wait for long, whether members are away or hang. */
    @Override
    public Future<?> start() {
        warnWhenOpen();
        bridge = new Bridge(vertx, node, replyTimeout);
        events.forEach(address -> vertx.eventBus().localConsumer(address, this::tellCluster));
        Promise<Void> started = Promise.promise();
        long patience = vertx.setTimer(START.toMillis(), timer -> {
            if (started.tryComplete()) {
                LOG.warn("not in the cluster yet, which does not answer; starting without it");
            }
        });
        join().onComplete(joined -> {
            vertx.cancelTimer(patience);
            if (joined.failed()) {
                complain(joined.cause());
            }
            started.tryComplete();
        });
        return started.future();
    }

    @Override
    public Future<?> stop() {
        stopping = true;
        Membership leaving = member;
        member = null;
        return leaving == null ? Future.succeededFuture() : leaving.leave();
    }

    /** Completes on our event loop. */
    private Future<Void> join() {
        Promise<Void> done = Promise.promise();
        Membership.join(settings)
                .compose(this::open)
                .onComplete(
                        joined -> context.runOnContext(now -> {
                            joined(joined);
                            done.complete();
                        }),
                        failure -> context.runOnContext(now -> done.fail(failure)));
        return done.future();
    }

    private Future<Membership> open(Membership joined) {
        return bridge.open(joined.vertx(), events, answers)
                .map(joined)
                .recover(failure -> joined.leave().transform(left -> Future.failedFuture(failure)));
    }

    private void joined(Membership joined) {
        if (stopping) {
            joined.leave();
            return;
        }
        member = joined;
        joined.watch(() -> context.runOnContext(now -> lost(joined)));
    }

    private void lost(Membership lost) {
        LOG.warn("lost the cluster");
        member = null;
        lost.leave().onComplete(left -> context.runOnContext(now -> joinLater()));
    }

    private void joinLater() {
        if (!stopping) {
            vertx.setTimer(REJOIN.toMillis(), timer -> join().onFailure(this::complain));
        }
    }

    private void complain(Throwable failure) {
        LOG.atWarn().addKeyValue("reason", failure.toString()).log("could not join the cluster, trying again");
        joinLater();
    }

    private void tellCluster(Message<Object> event) {
        if (member != null) {
            bridge.toCluster(member.vertx(), event);
        }
    }

    private void warnWhenOpen() {
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

package dev.darkroom.eventbus.cluster;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent.LifecycleState;
import dev.darkroom.config.Settings;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A membership in the cluster: a Hazelcast member and a clustered Vert.x of its own. The Vert.x of the service is not clustered, so an
 * unresponsive cluster never blocks its event loops or worker threads. Thread-safe.
 */
final class ClusterMembership {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterMembership.class);
    private static final int LEAVE_TIMEOUT_SECONDS = 5;

    private final Vertx vertx;
    private final HazelcastInstance hazelcast;
    private final AtomicBoolean endReported = new AtomicBoolean();

    private ClusterMembership(Vertx vertx, HazelcastInstance hazelcast) {
        this.vertx = vertx;
        this.hazelcast = hazelcast;
    }

    /** Joins the cluster. May take 30 s when members are unresponsive. Completes on any thread. */
    static Future<ClusterMembership> join(Settings.Cluster cluster) {
        Promise<ClusterMembership> joined = Promise.promise();
        // Uses a thread of its own: joining loads many classes, too slow for an event loop, and Vert.x warns about an
        // instance that is created on a thread of another instance.
        startDaemon("darkroom-cluster-join", () -> {
            try {
                createMember(cluster).onComplete(joined);
            } catch (RuntimeException | Error e) {
                joined.fail(e);
            }
        });
        return joined.future();
    }

    private static Future<ClusterMembership> createMember(Settings.Cluster cluster) {
        HazelcastClusterManager manager = new HazelcastClusterManager(HazelcastConfigFactory.create(cluster));
        EventBusOptions bus = new EventBusOptions()
                .setHost(cluster.host())
                .setPort(cluster.busPort())
                .setClusterPublicHost(cluster.host());
        return Vertx.builder()
                .with(new VertxOptions().setEventLoopPoolSize(1).setEventBusOptions(bus))
                .withClusterManager(manager)
                .buildClustered()
                .map(vertx -> new ClusterMembership(vertx, manager.getHazelcastInstance()));
    }

    /** Returns the clustered Vert.x. Its event bus never blocks: undeliverable events are lost, commands fail. */
    Vertx vertx() {
        return vertx;
    }

    /** Calls {@code onLost}, once and on any thread, when the membership ends without {@link #leave}. Logs membership changes. */
    void watch(Runnable onLost) {
        hazelcast.getCluster().addMembershipListener(new MembershipLogger());
        hazelcast.getLifecycleService().addLifecycleListener(event -> {
            // A merge drops the event-bus registrations of one half; a new membership registers them again.
            boolean ended = event.getState() == LifecycleState.SHUTDOWN || event.getState() == LifecycleState.MERGED;
            if (ended && endReported.compareAndSet(false, true)) {
                onLost.run();
            }
        });
        if (!hazelcast.getLifecycleService().isRunning() && endReported.compareAndSet(false, true)) {
            onLost.run();
        }
        LOG.atInfo()
                .addKeyValue("address", hazelcast.getCluster().getLocalMember().getAddress())
                .addKeyValue("members", hazelcast.getCluster().getMembers().size())
                .log("cluster joined");
    }

    /** Leaves the cluster. Terminates the member when that takes more than 5 s. Never fails. */
    Future<Void> leave() {
        endReported.set(true);
        return vertx.close().timeout(LEAVE_TIMEOUT_SECONDS, TimeUnit.SECONDS).otherwise(failure -> {
            LOG.atWarn().addKeyValue("reason", failure.getMessage()).log("cluster leave timed out, member terminated");
            startDaemon(
                    "darkroom-cluster-terminate",
                    () -> hazelcast.getLifecycleService().terminate());
            return null;
        });
    }

    private static void startDaemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static final class MembershipLogger implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            log(event, "cluster member joined");
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            log(event, "cluster member left");
        }

        private static void log(MembershipEvent event, String text) {
            LOG.atInfo()
                    .addKeyValue("member", event.getMember().getAddress())
                    .addKeyValue("members", event.getMembers().size())
                    .log(text);
        }
    }
}

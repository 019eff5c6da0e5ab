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
 * One stay in the cluster: a Hazelcast member and a Vert.x of its own that stands on it. Ours does not: its event loops and
 * worker threads never meet a cluster that hangs.
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

    /** Joins, which may take half a minute when members hang. Completes on any thread. */
    static Future<ClusterMembership> join(Settings.Cluster cluster) {
        Promise<ClusterMembership> joined = Promise.promise();
        // Loads many classes, which is nothing for an event loop; and Vert.x warns when one is made on a thread of
        // another.
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

    /** Never blocks. Events that cannot be delivered are lost; commands fail. */
    Vertx vertx() {
        return vertx;
    }

    /** Calls {@code lost}, once and from any thread, when the membership ends without {@link #leave}. Logs who comes and goes. */
    void watch(Runnable lost) {
        hazelcast.getCluster().addMembershipListener(new MembershipLogger());
        hazelcast.getLifecycleService().addLifecycleListener(event -> {
            // After a merge the registrations of one half are gone; who joins anew brings his own.
            boolean ended = event.getState() == LifecycleState.SHUTDOWN || event.getState() == LifecycleState.MERGED;
            if (ended && endReported.compareAndSet(false, true)) {
                lost.run();
            }
        });
        if (!hazelcast.getLifecycleService().isRunning() && endReported.compareAndSet(false, true)) {
            lost.run();
        }
        LOG.atInfo()
                .addKeyValue("address", hazelcast.getCluster().getLocalMember().getAddress())
                .addKeyValue("members", hazelcast.getCluster().getMembers().size())
                .log("joined the cluster");
    }

    /** Leaves, within seconds whatever the cluster does; never fails. */
    Future<Void> leave() {
        endReported.set(true);
        return vertx.close().timeout(LEAVE_TIMEOUT_SECONDS, TimeUnit.SECONDS).otherwise(slow -> {
            LOG.atWarn().addKeyValue("reason", slow.getMessage()).log("left the cluster without a word");
            startDaemon(
                    "darkroom-cluster-end",
                    () -> hazelcast.getLifecycleService().terminate());
            return null;
        });
    }

    private static void startDaemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static final class MembershipLogger implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            log(event, "a member has joined the cluster");
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            log(event, "a member has left the cluster");
        }

        private static void log(MembershipEvent event, String what) {
            LOG.atInfo()
                    .addKeyValue("member", event.getMember().getAddress())
                    .addKeyValue("members", event.getMembers().size())
                    .log(what);
        }
    }
}

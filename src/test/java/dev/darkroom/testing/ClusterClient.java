package dev.darkroom.testing;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.notification.NotificationBus;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** Event-bus client: a Vert.x program that joins the cluster and uses only the public addresses. The methods block. */
public final class ClusterClient implements AutoCloseable {
    private final Vertx vertx;
    private final HazelcastClusterManager manager;
    private final List<JsonObject> events = new CopyOnWriteArrayList<>();
    private final List<JsonObject> notifications = new CopyOnWriteArrayList<>();

    private ClusterClient(Vertx vertx, HazelcastClusterManager manager) {
        this.vertx = vertx;
        this.manager = manager;
    }

    /** Joins the cluster through the members that listen on {@code ports}. */
    public static ClusterClient join(Integer... ports) {
        Config config = new Config().setClusterName("darkroom").setLiteMember(true);
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.local.localAddress", "127.0.0.1");
        config.setProperty("hazelcast.socket.bind.any", "false");
        // After a partition, or when all other members died, searches for members like Darkroom does.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "10");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "10");
        config.getNetworkConfig().setPort(0).setPortAutoIncrement(false);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig()
                .setEnabled(true)
                .setMembers(Stream.of(ports).map(port -> "127.0.0.1:" + port).toList());
        HazelcastClusterManager manager = new HazelcastClusterManager(config);
        try {
            Vertx vertx = Vertx.builder()
                    .with(new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1")))
                    .withClusterManager(manager)
                    .buildClustered()
                    .await(60, TimeUnit.SECONDS);
            ClusterClient client = new ClusterClient(vertx, manager);
            client.subscribe(GenerationBus.EVENTS, client.events);
            client.subscribe(NotificationBus.EVENTS, client.notifications);
            return client;
        } catch (TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    private void subscribe(String address, List<JsonObject> received) throws TimeoutException {
        vertx.eventBus()
                .<JsonObject>consumer(address, event -> received.add(event.body()))
                .completion()
                .await(60, TimeUnit.SECONDS);
    }

    /** Returns the number of cluster members, including this one. */
    public int members() {
        return manager.getHazelcastInstance().getCluster().getMembers().size();
    }

    /** Returns the events about a generation that have arrived. */
    public List<JsonObject> events(String generationId) {
        return events.stream()
                .filter(event -> generationId.equals(event.getString("id")))
                .toList();
    }

    /** Returns the notification events about a generation that have arrived. */
    public List<JsonObject> notifications(String generationId) {
        return notifications.stream()
                .filter(event -> generationId.equals(event.getJsonObject("notification")
                        .getJsonObject("data")
                        .getString("generationId")))
                .toList();
    }

    /** Sends a command and returns the body of the reply. */
    public JsonObject command(String action, JsonObject body) {
        DeliveryOptions options = new DeliveryOptions()
                .setSendTimeout(10_000)
                .addHeader("version", "1")
                .addHeader("action", action);
        try {
            return vertx.eventBus()
                    .<JsonObject>request("darkroom.generation", body, options)
                    .await(60, TimeUnit.SECONDS)
                    .body();
        } catch (TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Terminates the membership abruptly, as a killed process would. */
    @Override
    public void close() {
        manager.getHazelcastInstance().getLifecycleService().terminate();
        vertx.close();
    }
}

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Creates a generation over the event bus, waits for its end and prints it. */
public class EventBusClient {
    static final String USER = "ann";

    public static void main(String[] args) throws Exception {
        Vertx vertx = join(Integer.getInteger("port", 5702), System.getProperty("members", "127.0.0.1:5701"));
        try {
            System.out.println(create(vertx.eventBus(), args[0]).encodePrettily());
        } finally {
            vertx.close().await(10, TimeUnit.SECONDS);
        }
    }

    /** Joins as a lite member, which stores no data, on the loopback address. Contacts the listed members only. */
    static Vertx join(int port, String members) throws Exception {
        Config config = new Config().setClusterName("darkroom").setLiteMember(true);
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.local.localAddress", "127.0.0.1");
        config.setProperty("hazelcast.socket.bind.any", "false");
        config.getNetworkConfig().setPort(port);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true).setMembers(List.of(members.split(",")));
        return Vertx.builder()
                .with(new VertxOptions().setEventBusOptions(new EventBusOptions().setHost("127.0.0.1")))
                .withClusterManager(new HazelcastClusterManager(config))
                .buildClustered()
                .await(60, TimeUnit.SECONDS);
    }

    static JsonObject create(EventBus bus, String prompt) throws Exception {
        // Subscribe first: the event may arrive before the reply.
        BlockingQueue<String> ended = new LinkedBlockingQueue<>();
        bus.<JsonObject>consumer("darkroom.generation.events", event -> ended.add(event.body().getString("id")))
                .completion()
                .await(10, TimeUnit.SECONDS);

        JsonObject request = new JsonObject().put("prompt", prompt).put("width", 512).put("height", 512);
        String id = command(bus, "create", new JsonObject().put("request", request)).getString("id");
        System.out.println("created " + id);

        // Events may be lost: read the generation after ten seconds without an event.
        while (true) {
            String endedId = ended.poll(10, TimeUnit.SECONDS);
            if (endedId == null || endedId.equals(id)) {
                JsonObject generation = command(bus, "get", new JsonObject().put("id", id));
                if (!generation.getString("status").equals("PENDING")) {
                    return generation;
                }
            }
        }
    }

    static JsonObject command(EventBus bus, String action, JsonObject body) throws Exception {
        DeliveryOptions options = new DeliveryOptions()
                .setSendTimeout(10_000)
                .addHeader("version", "1")
                .addHeader("action", action);
        Message<JsonObject> reply = bus.<JsonObject>request("darkroom.generation", body.put("user", USER), options)
                .await(15, TimeUnit.SECONDS);
        JsonObject error = reply.body().getJsonObject("error");
        if (error != null) {
            throw new IllegalStateException(error.encode());
        }
        return reply.body().getJsonObject("generation");
    }
}

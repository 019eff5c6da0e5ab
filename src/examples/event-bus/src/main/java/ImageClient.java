import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A service that joins the cluster, creates a generation over the event bus, waits for its end and prints the URLs of the images. */
public class ImageClient extends VerticleBase {
    static final String USER = "local";

    private final String prompt;
    private final Promise<JsonObject> ended = Promise.promise();
    private String id;

    ImageClient(String prompt) {
        this.prompt = prompt;
    }

    public static void main(String[] args) throws Exception {
        Vertx vertx = join(Integer.getInteger("port", 5702), System.getProperty("members", "127.0.0.1:5701"));
        try {
            ImageClient client = new ImageClient(args[0]);
            vertx.deployVerticle(client).await(60, TimeUnit.SECONDS);
            print(client.ended.future().await(15, TimeUnit.MINUTES));
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
        // Searches for other members every ten seconds, when all it knew are gone. The default is minutes.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "10");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "10");
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

    @Override
    public Future<?> start() {
        // Subscribe first: the event may arrive before the reply.
        return vertx.eventBus()
                .<JsonObject>consumer("darkroom.generation.events", event -> {
                    if (event.body().getString("type").equals("generation.ended")
                            && event.body().getString("id").equals(id)) {
                        get();
                    }
                })
                .completion()
                .compose(subscribed -> create(UUID.randomUUID().toString(), 5))
                .onSuccess(generation -> {
                    id = generation.getString("id");
                    System.out.println("created " + id);
                    // Events may be lost: read the generation every ten seconds too.
                    get();
                    vertx.setPeriodic(10_000, timer -> get());
                });
    }

    /** Creates a generation. A command without a reply is repeated with the same key, which creates no second one. */
    private Future<JsonObject> create(String key, int attempts) {
        JsonObject request = new JsonObject().put("prompt", prompt).put("width", 512).put("height", 512);
        return command("create", new JsonObject().put("request", request).put("idempotencyKey", key))
                .recover(failure -> attempts > 1
                        ? vertx.timer(1, TimeUnit.SECONDS).compose(t -> create(key, attempts - 1))
                        : Future.failedFuture(failure));
    }

    private void get() {
        command("get", new JsonObject().put("id", id)).onSuccess(generation -> {
            if (!generation.getString("status").equals("PENDING")) {
                ended.tryComplete(generation);
            }
        });
    }

    private Future<JsonObject> command(String action, JsonObject body) {
        DeliveryOptions options = new DeliveryOptions()
                .setSendTimeout(10_000)
                .addHeader("version", "1")
                .addHeader("action", action);
        return vertx.eventBus()
                .<JsonObject>request("darkroom.generation", body.put("user", USER), options)
                .map(Message::body)
                .compose(reply -> reply.containsKey("error")
                        ? Future.failedFuture(reply.getJsonObject("error").encode())
                        : Future.succeededFuture(reply.getJsonObject("generation")));
    }

    private static void print(JsonObject generation) {
        System.out.println(generation.getString("status"));
        String api = System.getProperty("api", "http://127.0.0.1:8080");
        for (Object each : generation.getJsonArray("images", new JsonArray())) {
            JsonObject image = (JsonObject) each;
            String extension = image.getString("contentType").replace("image/", "").replace("jpeg", "jpg");
            System.out.println(api + "/images/" + image.getString("id") + "." + extension);
        }
    }
}

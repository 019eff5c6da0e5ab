package dev.darkroom.eventbus.cluster;

import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.generation.GenerationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries commands from the cluster to this process and events both ways. Thread-safe: it stands between two Vert.x, each with
 * event loops of its own, and only sends.
 */
final class ClusterBridge {
    /** The header that names the process an event comes from; what has it is not sent on. */
    static final String NODE_HEADER = "node";

    private static final Logger LOG = LoggerFactory.getLogger(ClusterBridge.class);

    /** Events are hints: when so many wait for members that hang, further ones are dropped. */
    private static final int MAX_IN_FLIGHT = 1000;

    private final Vertx local;
    private final String nodeId;
    private final Duration replyTimeout;
    private final AtomicInteger inFlight = new AtomicInteger();

    /**
     * @param local the service's own Vert.x, which is in no cluster
     * @param node names this process, and no other
     * @param replyTimeout how long a generation verticle may take
     */
    ClusterBridge(Vertx local, String node, Duration replyTimeout) {
        this.local = local;
        this.nodeId = node;
        this.replyTimeout = replyTimeout;
    }

    /** Listens in the cluster for events, and for commands if they are answered here. */
    Future<Void> registerConsumers(Vertx cluster, List<String> events, boolean answers) {
        Future<Void> open = Future.succeededFuture();
        for (String address : events) {
            open = open.compose(done ->
                    cluster.eventBus().consumer(address, this::publishLocally).completion());
        }
        return answers
                ? open.compose(done -> cluster.eventBus()
                        .consumer(GenerationBus.COMMANDS, this::forwardCommand)
                        .completion())
                : open;
    }

    /** Tells the cluster of an event of this process. */
    void publishToCluster(Vertx cluster, Message<Object> event) {
        if (event.headers().contains(NODE_HEADER)) {
            return;
        }
        if (inFlight.incrementAndGet() > MAX_IN_FLIGHT) {
            inFlight.decrementAndGet();
            LOG.atDebug().addKeyValue("address", event.address()).log("event dropped, the cluster hangs");
            return;
        }
        cluster.eventBus()
                .publisher(event.address(), new DeliveryOptions().addHeader(NODE_HEADER, nodeId))
                .write(event.body())
                .onComplete(written -> inFlight.decrementAndGet());
    }

    private void publishLocally(Message<Object> event) {
        String from = event.headers().get(NODE_HEADER);
        if (!nodeId.equals(from)) {
            DeliveryOptions options =
                    new DeliveryOptions().setLocalOnly(true).addHeader(NODE_HEADER, from == null ? "" : from);
            local.eventBus().publish(event.address(), event.body(), options);
        }
    }

    private void forwardCommand(Message<Object> command) {
        DeliveryOptions options = new DeliveryOptions()
                .setLocalOnly(true)
                .setSendTimeout(replyTimeout.toMillis())
                .setHeaders(command.headers());
        local.eventBus()
                .request(GenerationBus.COMMANDS, command.body(), options)
                .map(Message::body)
                .otherwise(silence -> {
                    LOG.atWarn()
                            .addKeyValue("request", command.headers().get(CommandProtocol.REQUEST_ID_HEADER))
                            .addKeyValue("reason", silence.getMessage())
                            .log("no answer from a generation verticle");
                    return unavailableReply();
                })
                .onSuccess(command::reply);
    }

    private static JsonObject unavailableReply() {
        return new JsonObject()
                .put(
                        "error",
                        new JsonObject()
                                .put("code", CommandProtocol.UNAVAILABLE)
                                .put("message", "no generation verticle answers"));
    }
}

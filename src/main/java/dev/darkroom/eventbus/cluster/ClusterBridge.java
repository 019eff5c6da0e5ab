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
 * Forwards commands from the clustered event bus to the local one, and events in both directions. Thread-safe: the two Vert.x
 * instances call it on their own event loops.
 */
final class ClusterBridge {
    /** The header with the id of the process that sent an event. Events with this header are not forwarded again. */
    static final String NODE_HEADER = "node";

    private static final Logger LOG = LoggerFactory.getLogger(ClusterBridge.class);

    /** Limit of events that wait for unresponsive members. Further events are dropped, since consumers do not rely on them. */
    private static final int MAX_IN_FLIGHT = 1000;

    private final Vertx local;
    private final String nodeId;
    private final Duration replyTimeout;
    private final AtomicInteger inFlight = new AtomicInteger();

    /**
     * @param local the Vert.x of the service, which is not clustered
     * @param nodeId unique id of this process
     * @param replyTimeout reply timeout of a generation verticle
     */
    ClusterBridge(Vertx local, String nodeId, Duration replyTimeout) {
        this.local = local;
        this.nodeId = nodeId;
        this.replyTimeout = replyTimeout;
    }

    /** Registers consumers of events on the clustered event bus, and of commands if this process handles them. */
    Future<Void> registerConsumers(Vertx cluster, List<String> events, boolean handlesCommands) {
        Future<Void> registered = Future.succeededFuture();
        for (String address : events) {
            registered = registered.compose(done ->
                    cluster.eventBus().consumer(address, this::publishLocally).completion());
        }
        return handlesCommands
                ? registered.compose(done -> cluster.eventBus()
                        .consumer(GenerationBus.COMMANDS, this::forwardCommand)
                        .completion())
                : registered;
    }

    /** Publishes an event of this process to the cluster. */
    void publishToCluster(Vertx cluster, Message<Object> event) {
        if (event.headers().contains(NODE_HEADER)) {
            return;
        }
        if (inFlight.incrementAndGet() > MAX_IN_FLIGHT) {
            inFlight.decrementAndGet();
            LOG.atDebug().addKeyValue("address", event.address()).log("event dropped, too many events in flight");
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
                .otherwise(failure -> {
                    LOG.atWarn()
                            .addKeyValue("requestId", command.headers().get(CommandProtocol.REQUEST_ID_HEADER))
                            .addKeyValue("reason", failure.getMessage())
                            .log("command timed out");
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
                                .put("message", "no generation verticle replied"));
    }
}

package dev.darkroom.eventbus.cluster;

import dev.darkroom.eventbus.Command;
import dev.darkroom.eventbus.CommandCodec;
import dev.darkroom.eventbus.CommandProtocol;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.eventbus.RejectionReason;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationCommand;
import dev.darkroom.generation.GenerationResult;
import dev.darkroom.generation.json.GenerationCommandJson;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.Message;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forwards commands to the processes that handle them, between the local and the clustered event bus, and events in both directions.
 * Thread-safe: the two Vert.x instances call it on their own event loops.
 */
final class ClusterBridge {
    /** The header with the id of the process that sent an event. Events with this header are not forwarded again. */
    static final String NODE_HEADER = "node";

    /** Commands and results that the processes of a cluster exchange. */
    private static final List<Class<?>> COMMAND_FAMILIES = List.of(GenerationCommand.class, GenerationResult.class);

    private static final CommandReply<?> UNAVAILABLE =
            CommandReply.rejected(RejectionReason.UNAVAILABLE, "no generation verticle replied");

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
        CommandCodec.register(local.eventBus());
        CommandCodec.register(cluster.eventBus(), COMMAND_FAMILIES);
        Future<Void> registered = Future.succeededFuture();
        for (String address : events) {
            registered = registered.compose(done ->
                    cluster.eventBus().consumer(address, this::publishLocally).completion());
        }
        if (handlesCommands) {
            registered = registered
                    .compose(done -> cluster.eventBus()
                            .consumer(GenerationBus.COMMANDS, this::forwardJsonCommand)
                            .completion())
                    .compose(done -> cluster.eventBus()
                            .consumer(GenerationBus.TYPED_COMMANDS, command -> forwardTypedCommand(command, local))
                            .completion());
        }
        return registered;
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

    private void forwardJsonCommand(Message<Object> command) {
        request(local, command, new DeliveryOptions().setLocalOnly(true))
                .onFailure(failure -> logFailure(command, failure))
                .otherwise(unavailable -> GenerationCommandJson.format(UNAVAILABLE))
                .onSuccess(command::reply);
    }

    /**
     * Forwards a typed command and its reply.
     *
     * @param target the Vert.x of the process that handles it, or the clustered one; null while this process is not in the cluster
     */
    void forwardTypedCommand(Message<Object> command, Vertx target) {
        requireType(Command.class, command.body())
                .compose(known -> target == null
                        ? Future.failedFuture("not in the cluster")
                        : request(
                                target,
                                command,
                                new DeliveryOptions()
                                        .setCodecName(CommandCodec.NAME)
                                        .setLocalOnly(target == local)))
                .compose(reply -> requireType(CommandReply.class, reply))
                .onFailure(failure -> logFailure(command, failure))
                .otherwise(UNAVAILABLE)
                .onSuccess(reply -> command.reply(reply, new DeliveryOptions().setCodecName(CommandCodec.NAME)));
    }

    /** Fails for a message that the codec did not understand. */
    private static Future<Object> requireType(Class<?> type, Object message) {
        return type.isInstance(message)
                ? Future.succeededFuture(message)
                : Future.failedFuture("a process of another version sent the message");
    }

    private Future<Object> request(Vertx target, Message<Object> command, DeliveryOptions options) {
        options.setSendTimeout(replyTimeout.toMillis()).setHeaders(command.headers());
        return target.eventBus()
                .request(command.address(), command.body(), options)
                .map(Message::body);
    }

    private static void logFailure(Message<Object> command, Throwable failure) {
        LOG.atWarn()
                .addKeyValue("requestId", command.headers().get(CommandProtocol.REQUEST_ID_HEADER))
                .addKeyValue("reason", failure.getMessage())
                .log("command timed out");
    }
}

package dev.darkroom.kafka;

import dev.darkroom.config.KafkaSettings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.node.LocalNode;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the events of the outbox to Kafka if no other process does, and keeps notifications being added to the outbox. Publishes after a
 * commit of this process, after a NOTIFY message of another one, and periodically; polling alone is sufficient for correctness. One
 * instance per process; its state is confined to its event loop.
 */
public final class EventPublisherVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(EventPublisherVerticle.class);

    /** Interval at which the state of the outbox is read. */
    private static final Duration STATE_INTERVAL = Duration.ofSeconds(10);

    private final EventOutboxStore store;
    private final LocalNode localNode;
    private final NotifyChannel notifyChannel;
    private final KafkaSettings settings;
    private final Map<String, String> producerProperties;
    private final Duration pollInterval;
    private final PublicationStatus status;
    private EventPublisher publisher;
    private PeriodicTask stateTask;
    private PeriodicTask pollTask;

    /**
     * @param producerProperties see {@link KafkaProducerProperties}
     * @param status updated by this verticle
     */
    public EventPublisherVerticle(
            Database database,
            LocalNode localNode,
            NotifyChannel notifyChannel,
            KafkaSettings settings,
            Map<String, String> producerProperties,
            Duration pollInterval,
            PublicationStatus status) {
        this.store = new EventOutboxStore(database);
        this.localNode = localNode;
        this.notifyChannel = notifyChannel;
        this.settings = settings;
        this.producerProperties = producerProperties;
        this.pollInterval = pollInterval;
        this.status = status;
    }

    @Override
    public Future<?> start() {
        publisher = new EventPublisher(
                vertx,
                localNode,
                store,
                KafkaEventProducer.factory(vertx, producerProperties, settings.topic()),
                status);
        stateTask = new PeriodicTask(vertx, STATE_INTERVAL, this::checkState);
        stateTask.start();
        pollTask = EventEnqueueStore.ADDED.subscribe(vertx, notifyChannel, pollInterval, key -> publisher.publish());
        return Future.succeededFuture();
    }

    private Future<?> checkState() {
        return store.readState()
                .onSuccess(status::outbox)
                .compose(state -> state.active()
                        ? store.renew()
                        : store.activate()
                                .onSuccess(done -> LOG.atInfo()
                                        .addKeyValue("topic", settings.topic())
                                        .log("event publication activated")))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("event outbox state not updated, retry scheduled"));
    }

    @Override
    public Future<?> stop() {
        return Future.join(stateTask.stop(), pollTask.stop()).compose(done -> publisher.stop());
    }
}

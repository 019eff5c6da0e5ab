package dev.darkroom.kafka;

import io.vertx.core.Future;
import java.util.List;

/** Connection to a broker that publishes batches of events. After a failure it must be closed and replaced. */
interface EventProducer {

    /** Creates a producer. It is the only one from then on: the calls of an earlier one of the same installation fail. */
    @FunctionalInterface
    interface Factory {
        Future<EventProducer> open();
    }

    /**
     * Publishes events, in order, all or none.
     *
     * @return completes when the broker has committed them. After a failure they may be committed or not
     */
    Future<Void> publish(List<OutboxEvent> events);

    /** Closes the connection at once; a call of {@link #publish} in progress fails. Never fails. */
    Future<Void> close();
}

package dev.darkroom.kafka;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.kafka.client.producer.KafkaProducer;
import io.vertx.kafka.client.producer.KafkaProducerRecord;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Publishes a batch as one transaction of Kafka. The transactional id belongs to the installation: opening a producer aborts the unfinished
 * transaction of the previous one and fences it, so that a process that was suspended publishes nothing late. A transaction also prevents
 * that an event is published without the earlier ones of its batch. Created on an event loop, and used from it.
 *
 * <p>The client of Vert.x blocks one thread of its default pool, which nothing else uses. Tasks that must not wait for that
 * thread have a pool.
 */
final class KafkaEventProducer implements EventProducer {
    /** Media type of an event, by which consumers recognize the structured mode of CloudEvents. */
    static final String CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8";

    /** A close must not wait for the creation of another producer. */
    private static final int WORKER_THREADS = 2;

    private final WorkerExecutor workers;
    private final KafkaProducer<String, String> producer;
    private final String topic;

    private KafkaEventProducer(WorkerExecutor workers, KafkaProducer<String, String> producer, String topic) {
        this.workers = workers;
        this.producer = producer;
        this.topic = topic;
    }

    /** Returns the factory of producers with these properties. */
    static Factory factory(Vertx vertx, Map<String, String> properties, String topic) {
        WorkerExecutor workers = workers(vertx);
        // The constructor resolves the names of the brokers, which blocks.
        return () -> workers.executeBlocking(() -> KafkaProducer.<String, String>create(vertx, properties), false)
                .compose(producer -> open(workers, producer, topic));
    }

    static WorkerExecutor workers(Vertx vertx) {
        return vertx.createSharedWorkerExecutor("darkroom-kafka", WORKER_THREADS);
    }

    static Future<EventProducer> open(WorkerExecutor workers, KafkaProducer<String, String> producer, String topic) {
        // Each failure also fails the future of its call. Without a handler, it would be logged as unhandled.
        producer.exceptionHandler(error -> {});
        KafkaEventProducer opened = new KafkaEventProducer(workers, producer, topic);
        return producer.initTransactions()
                .map(initialized -> (EventProducer) opened)
                .recover(error -> opened.close().transform(closed -> Future.failedFuture(error)));
    }

    @Override
    public Future<Void> publish(List<OutboxEvent> events) {
        return producer.beginTransaction()
                .compose(begun -> Future.all(events.stream().map(this::send).toList()))
                .compose(sent -> producer.commitTransaction());
    }

    private Future<?> send(OutboxEvent event) {
        return producer.send(KafkaProducerRecord.create(topic, event.userId(), event.event())
                .addHeader("content-type", CONTENT_TYPE));
    }

    @Override
    public Future<Void> close() {
        // Not producer.close(), which would wait for a blocked call.
        return workers.executeBlocking(
                        () -> {
                            producer.unwrap().close(Duration.ZERO);
                            return null;
                        },
                        false)
                .otherwiseEmpty()
                .mapEmpty();
    }
}

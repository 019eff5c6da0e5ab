package dev.darkroom.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.notification.NotificationFixture;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.kafka.client.producer.KafkaProducer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Tests the transactions and records of a batch. {@code KafkaEventsIT} publishes to a real broker. */
class KafkaEventProducerTest {
    private static final Vertx vertx = Vertx.vertx();
    private static final List<OutboxEvent> EVENTS =
            List.of(new OutboxEvent(1, "anna", "{\"id\":1}"), new OutboxEvent(2, "bert", "{\"id\":2}"));

    private final MockProducer<String, String> broker =
            new MockProducer<>(true, null, new StringSerializer(), new StringSerializer());

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(30, TimeUnit.SECONDS);
    }

    @Test
    void publishesABatchInOneTransaction() {
        // when
        await(open().compose(producer -> producer.publish(EVENTS)));

        // then
        assertThat(broker.commitCount()).isEqualTo(1);
        assertThat(broker.history())
                .extracting(each -> each.topic() + " " + each.key() + " " + each.value())
                .containsExactly("events anna {\"id\":1}", "events bert {\"id\":2}");
        assertThat(broker.history())
                .allSatisfy(each -> assertThat(new String(
                                each.headers().lastHeader("content-type").value()))
                        .isEqualTo("application/cloudevents+json; charset=UTF-8"));
    }

    @Test
    void failsWhenTheCommitFails() {
        // given
        EventProducer producer = await(open());
        broker.commitTransactionException = new IllegalStateException("fenced");

        // when
        Future<Void> published = producer.publish(EVENTS);

        // then
        boolean failed = await(published.transform(done -> Future.succeededFuture(done.failed())));
        assertThat(failed).isTrue();
        await(producer.close());
        assertThat(broker.closed()).isTrue();
    }

    @Test
    void closesTheProducerWhenItCannotBeInitialized() {
        // given
        broker.initTransactionException = new IllegalStateException("no broker");

        // when
        boolean failed = await(open().transform(done -> Future.succeededFuture(done.failed())));

        // then
        assertThat(failed).isTrue();
        assertThat(broker.closed()).isTrue();
    }

    private Future<EventProducer> open() {
        return KafkaEventProducer.open(
                KafkaEventProducer.workers(vertx), KafkaProducer.create(vertx, broker), "events");
    }

    private static <T> T await(Future<T> future) {
        return NotificationFixture.await(future);
    }
}

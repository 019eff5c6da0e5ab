package dev.darkroom.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.notification.NotificationFixture;
import dev.darkroom.testing.ExampleProgramRunner;
import dev.darkroom.testing.kafka.KafkaServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests with a real broker that it fences an earlier publisher, and the consumer of {@code docs/kafka.md}. */
@Tag("kafka")
class KafkaBrokerIT {
    private static final Vertx vertx = Vertx.vertx();

    @TempDir
    static Path directory;

    private static KafkaServer broker;

    @BeforeAll
    static void start() throws Exception {
        broker = new KafkaServer(directory);
        broker.start();
    }

    @AfterAll
    static void close() throws Exception {
        broker.close();
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    @Test
    void rejectsEventsOfAnEarlierPublisher() throws Exception {
        // given two publishers of one installation; the first one was suspended when the second one began
        broker.createTopic("fencing", 1);
        EventProducer.Factory factory = factory("fencing");
        EventProducer first = await(factory.open());
        await(first.publish(List.of(event(1))));
        EventProducer second = await(factory.open());

        // when
        Future<Void> late = first.publish(List.of(event(2)));
        assertThatThrownBy(() -> await(late)).hasMessageContaining("epoch");
        await(second.publish(List.of(event(2), event(3))));

        // then
        assertThat(values("fencing")).containsExactly(event(1).event(), event(2).event(), event(3).event());
        await(first.close());
        await(second.close());
    }

    @Test
    void failsWithoutTheTopic() throws Exception {
        EventProducer producer = await(factory("missing").open());

        assertThatThrownBy(() -> await(producer.publish(List.of(event(1))))).hasMessageContaining("missing");

        await(producer.close());
    }

    @Test
    void consumerOfThePageProcessesEachEventOnce() throws Exception {
        // given events of which two appear again
        broker.createTopic("consumer", 1);
        EventProducer producer = await(factory("consumer").open());
        await(producer.publish(List.of(event(1), event(2))));
        await(producer.publish(List.of(event(1), event(2), event(3))));
        await(producer.close());

        // when
        String output = ExampleProgramRunner.run(
                directory,
                Map.of(),
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "src/examples/kafka/EventConsumer.java",
                        broker.bootstrapServers(),
                        "consumer",
                        "3"));

        // then
        assertThat(output.lines().filter(line -> line.startsWith("anna ")))
                .containsExactly("anna " + event(1).event(), "anna " + event(2).event(), "anna " + event(3).event());
    }

    private static EventProducer.Factory factory(String topic) {
        return KafkaEventProducer.factory(
                vertx,
                KafkaProducerProperties.load(null, broker.bootstrapServers(), UUID.nameUUIDFromBytes(topic.getBytes())),
                topic);
    }

    private static OutboxEvent event(int sequence) {
        return new OutboxEvent(
                sequence, "anna", "{\"id\":\"%s\",\"sequence\":\"%s\"}".formatted("event-" + sequence, sequence));
    }

    private static List<String> values(String topic) {
        return broker.readAll(topic, "read_committed").stream()
                .map(ConsumerRecord::value)
                .toList();
    }

    private static <T> T await(Future<T> future) {
        return NotificationFixture.await(future);
    }
}

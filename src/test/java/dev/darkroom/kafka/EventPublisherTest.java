package dev.darkroom.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.node.LocalNode;
import dev.darkroom.node.LocalNodeFixture;
import dev.darkroom.notification.CloudEventFactory;
import dev.darkroom.notification.NewNotification;
import dev.darkroom.notification.NotificationFixture;
import dev.darkroom.notification.NotificationWriter;
import dev.darkroom.testing.AsyncApiMessageValidator;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Tests the publication of events, their order, the publishing process, and the remaining events after failures. */
class EventPublisherTest extends NotificationFixture {
    private static final UUID GENERATION = UUID.fromString("01a209f2-71d0-7a31-8a3c-5b1f6c9d2e10");

    private final EventOutboxStore store = new EventOutboxStore(database);
    private final NotificationWriter writer = new NotificationWriter(
            List.of(new EventEnqueueStore(new CloudEventFactory("https://pictures.example"), () -> {})), stored -> {});
    /** Ids of committed events, of all producers in the order of their commits. */
    private final List<String> committed = new ArrayList<>();

    @Test
    void addsEventsWhileActive() {
        // given
        write("anna");
        assertThat(query("SELECT id FROM event_outbox")).isEmpty();

        // when
        await(store.activate());
        write("anna");

        // then
        JsonObject event =
                new JsonObject(query("SELECT event FROM event_outbox").get(0));
        AsyncApiMessageValidator.validateKafkaEvent(Map.of("content-type", KafkaEventProducer.CONTENT_TYPE), event);
        assertThat(event.getMap())
                .containsOnlyKeys(
                        "specversion",
                        "id",
                        "source",
                        "type",
                        "time",
                        "datacontenttype",
                        "data",
                        "subject",
                        "sequence",
                        "partitionkey");
        assertThat(event.getString("id"))
                .isEqualTo(query("SELECT id FROM notifications WHERE seq = 2").get(0));
        assertThat(event.getString("partitionkey")).isEqualTo("anna");
        assertThat(event.getString("sequence")).isEqualTo("2");
        assertThat(event.getString("subject")).isEqualTo(GENERATION.toString());

        // and when no process has had a broker for a week
        execute("UPDATE event_publication SET active_until = now()");
        write("anna");
        assertThat(query("SELECT id FROM event_outbox")).hasSize(1);
    }

    @Test
    void activationDoesNotOvertakeARunningTransaction() {
        // given a transaction that has already found the publication inactive
        Promise<Void> commit = Promise.promise();
        Promise<Void> written = Promise.promise();
        Future<Void> transaction = database.inTransaction(scope ->
                writer.write(scope, notifications("anna")).onComplete(written).compose(done -> commit.future()));
        await(written.future());

        // when
        assertThatThrownBy(() -> await(store.activate())).hasMessageContaining("lock timeout");
        commit.complete();
        await(transaction);
        await(store.activate());
        write("anna");

        // then the events of the user start at one number and have no gap
        assertThat(query("SELECT event::json->>'sequence' FROM event_outbox")).containsExactly("2");
    }

    @Test
    void publishesTheEventsOfEachUserInOrder() {
        // given more events than a batch has
        await(store.activate());
        EventPublisher publisher = publisher(node());
        List<Future<?>> writes = new ArrayList<>();
        for (int i = 0; i < 150; i++) {
            writes.add(database.inTransaction(
                    scope -> writer.write(scope, notifications("anna", "bert", "anna", "carl"))));
        }
        await(Future.join(writes));

        // when
        publish(publisher);

        // then
        for (String user : List.of("anna", "bert", "carl")) {
            List<String> ids = query("SELECT id FROM notifications WHERE user_id = '" + user + "' ORDER BY seq");
            assertThat(committed.stream().filter(ids::contains)).containsExactlyElementsOf(ids);
        }
        assertThat(committed).hasSize(600);
        assertThat(query("SELECT id FROM event_outbox")).isEmpty();
    }

    @Test
    void publishesAnEventThatIsCommittedLate() {
        // given a transaction that has added the first event
        await(store.activate());
        EventPublisher publisher = publisher(node());
        Promise<Void> commit = Promise.promise();
        Promise<Void> written = Promise.promise();
        Future<Void> late = database.inTransaction(scope ->
                writer.write(scope, notifications("anna")).onComplete(written).compose(done -> commit.future()));
        await(written.future());

        // when a later event of another user is published before its commit
        write("bert");
        publish(publisher);
        commit.complete();
        await(late);
        publish(publisher);

        // then
        assertThat(committed).containsExactlyElementsOf(query("SELECT id FROM notifications ORDER BY user_id DESC"));
    }

    @Test
    void publishesAgainAfterAFailure() {
        // given a producer that fails to commit, although the broker has committed
        await(store.activate());
        LocalNode node = node();
        FakeProducer broken = new FakeProducer();
        broken.failure = new IllegalStateException("broker gone");
        List<FakeProducer> producers = List.of(broken, new FakeProducer());
        PublicationStatus status = new PublicationStatus();
        List<FakeProducer> opened = new ArrayList<>();
        EventPublisher publisher = publisher(node, status, () -> {
            opened.add(producers.get(opened.size()));
            return Future.succeededFuture(opened.get(opened.size() - 1));
        });
        write("anna");
        write("anna");

        // when
        publish(publisher);

        // then nothing is deleted, and another process may try
        assertThat(query("SELECT id FROM event_outbox")).hasSize(2);
        assertThat(broken.closed).isTrue();
        assertThat(query("SELECT publisher FROM event_publication")).containsExactly((String) null);
        assertThat(status.toJson().getString("reason")).contains("broker gone");
        assertThat(status.failures()).isEqualTo(1);

        // and after the backoff the same events are published, with the same ids
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            publish(publisher);
            return query("SELECT id FROM event_outbox").isEmpty();
        });
        List<String> ids = query("SELECT id FROM notifications ORDER BY seq");
        assertThat(committed)
                .containsExactlyElementsOf(
                        Stream.concat(ids.stream(), ids.stream()).toList());
        assertThat(status.toJson().containsKey("reason")).isFalse();
    }

    @Test
    void oneNodePublishesUntilItsLeaseExpires() {
        // given
        await(store.activate());
        LocalNode first = node();
        LocalNode second = node();
        PublicationStatus firstStatus = new PublicationStatus();
        FakeProducer firstProducer = new FakeProducer();
        EventPublisher firstPublisher = publisher(first, firstStatus, () -> Future.succeededFuture(firstProducer));
        EventPublisher secondPublisher = publisher(second);
        write("anna");
        publish(firstPublisher);

        // when the second one tries while the first is alive
        write("anna");
        publish(secondPublisher);

        // then
        assertThat(committed).hasSize(1);

        // and when the first one has expired
        execute("UPDATE nodes SET expires_at = now() WHERE id = '"
                + first.validId().orElseThrow() + "'");
        publish(secondPublisher);
        write("anna");
        publish(firstPublisher);

        // then the second one has continued, and the first one has noticed
        assertThat(committed)
                .containsExactlyElementsOf(query("SELECT id FROM notifications WHERE seq < 3 ORDER BY seq"));
        assertThat(firstProducer.closed).isTrue();
        assertThat(firstStatus.publisher()).isFalse();
        publish(secondPublisher);
        assertThat(committed).hasSize(3);
    }

    @Test
    void releasesTheLeaseWhenItStops() {
        // given
        await(store.activate());
        EventPublisher first = publisher(node());
        EventPublisher second = publisher(node());
        write("anna");
        publish(first);

        // when
        await(first.stop());
        write("anna");
        publish(second);

        // then
        assertThat(committed).hasSize(2);
    }

    @Test
    void drainingNodeClaimsNoLease() {
        await(store.activate());
        LocalNode draining = node();
        draining.drain();
        write("anna");

        publish(publisher(draining));

        assertThat(committed).isEmpty();
    }

    @Test
    void readsStateOfTheOutbox() {
        // given
        assertThat(await(store.readState())).isEqualTo(new EventOutboxStore.State(false, 0, 0));
        await(store.activate());
        write("anna");
        execute("UPDATE event_outbox SET created_at = now() - interval '1 hour'");
        write("bert");

        // when
        EventOutboxStore.State state = await(store.readState());

        // then
        assertThat(state.active()).isTrue();
        assertThat(state.oldestAgeSeconds()).isBetween(3600.0, 3700.0);
        assertThat(state.waiting()).isEqualTo(2);
    }

    private void write(String user) {
        await(database.inTransaction(scope -> writer.write(scope, notifications(user))));
    }

    private static List<NewNotification> notifications(String... users) {
        return Stream.of(users)
                .map(user -> NewNotification.of(
                        user, "generation.ended", GENERATION, new JsonObject().put("status", "COMPLETE")))
                .toList();
    }

    private LocalNode node() {
        UUID id = UUID.randomUUID();
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + id
                + "', 'test', 'test', now() + interval '1 hour')");
        return LocalNodeFixture.valid(id);
    }

    private EventPublisher publisher(LocalNode node) {
        return publisher(node, new PublicationStatus(), () -> Future.succeededFuture(new FakeProducer()));
    }

    private EventPublisher publisher(LocalNode node, PublicationStatus status, EventProducer.Factory producers) {
        return new EventPublisher(vertx, node, store, producers, status);
    }

    private void publish(EventPublisher publisher) {
        await(Future.future(
                done -> vertx.runOnContext(called -> publisher.publish().onComplete(done))));
    }

    /** A broker that commits each batch. */
    private final class FakeProducer implements EventProducer {
        /** Reported after the commit; null for success. Used once. */
        private RuntimeException failure;

        private boolean closed;

        @Override
        public Future<Void> publish(List<OutboxEvent> events) {
            assertThat(closed).isFalse();
            events.forEach(each -> committed.add(new JsonObject(each.event()).getString("id")));
            return failure == null ? Future.succeededFuture() : Future.failedFuture(failure);
        }

        @Override
        public Future<Void> close() {
            closed = true;
            return Future.succeededFuture();
        }
    }
}

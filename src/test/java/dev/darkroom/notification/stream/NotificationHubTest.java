package dev.darkroom.notification.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.NotificationFixture;
import dev.darkroom.notification.NotifyUserKey;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Tests the hub with fast and slow subscribers, and with many concurrent subscriptions. */
class NotificationHubTest extends NotificationFixture {
    private static final Duration LAG = Duration.ofMillis(250);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final NotificationStreamMetrics metrics =
            new NotificationStreamMetrics(registry, createdAt -> Optional.of(LAG));
    private final NotificationHub hub = new NotificationHub(vertx, database, metrics);

    /** Collects frames. Marks itself writable after each batch if {@code autoWritable}, otherwise the test does. */
    private final class CollectingSink implements NotificationFrameSink {
        private final List<NotificationFrame> frames = Collections.synchronizedList(new ArrayList<>());
        private final boolean autoWritable;
        /** Null until subscribe returned it; the hub may send before, on its own event loop. */
        private volatile NotificationSubscription subscription;

        private final CompletableFuture<NotificationSubscription> subscribed = new CompletableFuture<>();
        private volatile int batchCount;

        CollectingSink(String user, String cursor, String subscriber, boolean autoWritable) {
            this.autoWritable = autoWritable;
            this.subscription = hub.subscribe(user, cursor, subscriber, this);
            subscribed.complete(subscription);
        }

        @Override
        public void send(List<NotificationFrame> batch) {
            frames.addAll(batch);
            batchCount++;
            if (autoWritable) {
                vertx.runOnContext(ignored -> subscribed.thenAccept(NotificationSubscription::markWritable));
            }
        }

        List<Long> seqs() {
            synchronized (frames) {
                return frames.stream()
                        .filter(frame -> "notification".equals(frame.event()))
                        .map(frame -> new JsonObject(frame.data()).getLong("seq"))
                        .toList();
            }
        }

        void awaitFrames(int count) {
            awaitUntil("frames", () -> frames.size() >= count);
        }
    }

    private static void awaitUntil(String alias, Callable<Boolean> condition) {
        Awaitility.await(alias)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    private String cursor(String user, long seq) {
        return query("SELECT left(epoch::text, 8) || '-" + seq + "' FROM user_streams WHERE user_id = '" + user + "'")
                .get(0);
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void sendsNothingToASubscriberThatIsNotWritable() {
        // given
        writeNotifications("anna", 250);
        CollectingSink slow = new CollectingSink("anna", cursor("anna", 0), null, false);
        slow.awaitFrames(1);

        // when
        slow.subscription.markWritable();
        awaitUntil("the first page", () -> slow.batchCount == 2);
        writeNotifications("anna", 5);
        await(hub.refreshAll());

        // then
        assertThat(slow.seqs()).isEqualTo(upTo(100));

        // when
        slow.subscription.markWritable();
        awaitUntil("the second page", () -> slow.batchCount == 3);
        slow.subscription.markWritable();
        awaitUntil("the last page", () -> slow.batchCount == 4);

        // then
        assertThat(slow.seqs()).isEqualTo(upTo(255));
    }

    @Test
    void measuresTheDeliveryOfNewNotificationsOnly() {
        // given
        writeNotifications("anna", 3);
        CollectingSink sink = new CollectingSink("anna", cursor("anna", 0), null, true);
        awaitUntil("the missed notifications", () -> sink.seqs().size() == 3);

        // when
        writeNotifications("anna", 1);
        await(hub.refreshAll());
        awaitUntil("the measurement", () -> delivered() > 0);

        // then
        assertThat(sink.seqs()).isEqualTo(upTo(4));
        assertThat(delivered()).isEqualTo(1);
        assertThat(registry.get("darkroom.notification.delivery").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(LAG.toMillis());
        assertThat(registry.get("darkroom.stream.open").timer().count()).isEqualTo(1);
        assertThat(found("SIGNAL") + found("POLL")).isEqualTo(4);
        assertThat(found("POLL")).isEqualTo(1);
    }

    private long delivered() {
        return registry.get("darkroom.notification.delivery").timer().count();
    }

    private double found(String trigger) {
        return registry.get("darkroom.notifications.found")
                .tag("trigger", trigger)
                .counter()
                .count();
    }

    @Test
    void runsOnTheContextOfItsVerticle() {
        // given
        NotifyChannel notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        NotificationHubVerticle verticle =
                new NotificationHubVerticle(database, notifyChannel, Duration.ofHours(1), metrics);
        String id = await(vertx.deployVerticle(verticle));
        AtomicReference<Context> context = new AtomicReference<>();

        // when
        verticle.hub().subscribe("anna", null, null, frames -> context.set(Vertx.currentContext()));

        // then
        awaitUntil("the first frame", () -> context.get() != null);
        assertThat(context.get().deploymentID()).isEqualTo(id);
        await(notifyChannel.close());
    }

    @Test
    void deliversToAllSubscribersOfAUserFromTheirPositions() {
        // given
        writeNotifications("anna", 130);
        String first = cursor("anna", 0);
        String later = cursor("anna", 120);
        List<CollectingSink> sinks = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            sinks.add(new CollectingSink("anna", i % 2 == 0 ? first : later, null, true));
        }

        // when
        awaitUntil(
                "the missed notifications", () -> sinks.stream().allMatch(sink -> sink.subscription.lastSeq() == 130));
        await(writeNotifications("anna"));
        hub.onRemoteRecorded(NotifyUserKey.of("anna"));

        // then
        awaitUntil("the last", () -> sinks.stream().allMatch(sink -> sink.seqs().contains(131L)));
        for (int i = 0; i < 20; i++) {
            assertThat(sinks.get(i).seqs())
                    .isEqualTo(LongStream.rangeClosed(i % 2 == 0 ? 1 : 121, 131)
                            .boxed()
                            .toList());
        }
    }

    @Test
    void pollingDeliversWithoutAnnouncement() {
        // given
        CollectingSink sink = new CollectingSink("anna", null, null, true);
        sink.awaitFrames(1);

        // when the notification is not announced
        await(writeNotifications("anna"));
        await(hub.refreshAll());

        // then
        awaitUntil("the notification", () -> sink.seqs().equals(List.of(1L)));
    }

    @Test
    void initializesManyConcurrentSubscriptions() {
        // given
        writeNotifications("u7", 3);
        List<CollectingSink> sinks = IntStream.range(0, 2000)
                .mapToObj(i -> new CollectingSink("u" + i, null, "phone", true))
                .toList();

        // when
        awaitUntil("all", () -> sinks.stream().allMatch(sink -> !sink.frames.isEmpty()));

        // then
        awaitUntil(
                "the missed notifications of one subscriber",
                () -> sinks.get(7).seqs().equals(upTo(3)));
        assertThat(query("SELECT count(*) FROM user_streams")).containsExactly("2000");
    }

    @Test
    void sendsNothingAfterClose() {
        // given
        CollectingSink sink = new CollectingSink("anna", null, null, true);
        sink.awaitFrames(1);

        // when
        sink.subscription.close();
        sink.subscription.close();
        await(writeNotifications("anna"));
        await(hub.refreshAll());
        CollectingSink other = new CollectingSink("anna", cursor("anna", 0), null, true);
        awaitUntil("the notification", () -> other.seqs().equals(List.of(1L)));

        // then
        assertThat(sink.seqs()).isEmpty();
    }

    @Test
    void sendsAResetForAGapInTheStream() {
        // given
        writeNotifications("anna", 5);
        execute("DELETE FROM notifications WHERE seq = 3");

        // when
        CollectingSink sink = new CollectingSink("anna", cursor("anna", 1), null, true);

        // then
        awaitUntil("the reset", () -> sink.frames.size() == 3);
        assertThat(sink.frames).extracting(NotificationFrame::event).containsExactly(null, "notification", "reset");
        assertThat(sink.frames.get(2).id()).isEqualTo(cursor("anna", 5));
    }
}

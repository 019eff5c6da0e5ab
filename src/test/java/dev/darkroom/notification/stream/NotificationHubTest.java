package dev.darkroom.notification.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.NotificationFixture;
import dev.darkroom.notification.NotifyUserKey;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The hub by itself: listeners that take what they get, that do not, and that come all at once. */
class NotificationHubTest extends NotificationFixture {
    private final NotificationHub hub = new NotificationHub(vertx, database);

    /** Takes what it gets, at once or when it is told to. */
    private final class Ear implements NotificationFrameSink {
        private final List<NotificationFrame> frames = Collections.synchronizedList(new ArrayList<>());
        private final boolean eager;
        /** Null until the hub has returned it. The hub may send before, on its own event loop. */
        private volatile NotificationSubscription notificationSubscription;

        private final CompletableFuture<NotificationSubscription> opened = new CompletableFuture<>();
        private volatile int sent;

        Ear(String user, String cursor, String subscriber, boolean eager) {
            this.eager = eager;
            this.notificationSubscription = hub.subscribe(user, cursor, subscriber, this);
            opened.complete(notificationSubscription);
        }

        @Override
        public void send(List<NotificationFrame> some) {
            frames.addAll(some);
            sent++;
            if (eager) {
                vertx.runOnContext(soon -> opened.thenAccept(NotificationSubscription::markWritable));
            }
        }

        List<Long> numbers() {
            synchronized (frames) {
                return frames.stream()
                        .filter(notificationFrame -> "notification".equals(notificationFrame.event()))
                        .map(notificationFrame -> new JsonObject(notificationFrame.data()).getLong("seq"))
                        .toList();
            }
        }

        void awaitFrames(int count) {
            until("frames", () -> frames.size() >= count);
        }
    }

    private static void until(String what, java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await(what)
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
    void whoDoesNotTakeWhatTheyGetAreSentNoMore() {
        // given
        writeNotifications("anna", 250);
        Ear slow = new Ear("anna", cursor("anna", 0), null, false);
        slow.awaitFrames(1);

        // when
        slow.notificationSubscription.markWritable();
        until("the first page", () -> slow.sent == 2);
        writeNotifications("anna", 5);
        await(hub.refreshAll());

        // then
        assertThat(slow.numbers()).isEqualTo(upTo(100));

        // when
        slow.notificationSubscription.markWritable();
        until("the second page", () -> slow.sent == 3);
        slow.notificationSubscription.markWritable();
        until("the last page", () -> slow.sent == 4);

        // then
        assertThat(slow.numbers()).isEqualTo(upTo(255));
    }

    @Test
    void runsOnTheContextOfItsVerticle() {
        // given
        NotifyChannel notifyChannel = NotifyChannel.open(vertx, url, settings.database());
        NotificationHubVerticle verticle = new NotificationHubVerticle(database, notifyChannel, Duration.ofHours(1));
        String id = await(vertx.deployVerticle(verticle));
        AtomicReference<Context> context = new AtomicReference<>();

        // when
        verticle.hub().runOnContext(() -> context.set(Vertx.currentContext()));

        // then
        until("run", () -> context.get() != null);
        assertThat(context.get().deploymentID()).isEqualTo(id);
        await(notifyChannel.close());
    }

    @Test
    void allWhoListenToAUserGetItWhereverTheyStand() {
        // given
        writeNotifications("anna", 130);
        String first = cursor("anna", 0);
        String later = cursor("anna", 120);
        List<Ear> ears = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ears.add(new Ear("anna", i % 2 == 0 ? first : later, null, true));
        }

        // when
        until("what was missed", () -> ears.stream().allMatch(ear -> ear.notificationSubscription.lastSeq() == 130));
        await(writeNotifications("anna"));
        hub.onRemoteRecorded(NotifyUserKey.of("anna"));

        // then
        until("the last", () -> ears.stream().allMatch(ear -> ear.numbers().contains(131L)));
        for (int i = 0; i < 20; i++) {
            assertThat(ears.get(i).numbers())
                    .isEqualTo(LongStream.rangeClosed(i % 2 == 0 ? 1 : 121, 131)
                            .boxed()
                            .toList());
        }
    }

    @Test
    void aLostHintCostsNothingButTime() {
        // given
        Ear ear = new Ear("anna", null, null, true);
        ear.awaitFrames(1);

        // when nobody says that there is something
        await(writeNotifications("anna"));
        await(hub.refreshAll());

        // then
        until("the notification", () -> ear.numbers().equals(List.of(1L)));
    }

    @Test
    void manyWhoComeAtOnceCostFewStatements() {
        // given
        writeNotifications("u7", 3);
        List<Ear> ears = IntStream.range(0, 2000)
                .mapToObj(i -> new Ear("u" + i, null, "phone", true))
                .toList();

        // when
        until("all", () -> ears.stream().allMatch(ear -> !ear.frames.isEmpty()));

        // then
        until("what one of them missed", () -> ears.get(7).numbers().equals(upTo(3)));
        assertThat(query("SELECT count(*) FROM user_streams")).containsExactly("2000");
    }

    @Test
    void whoLeavesIsForgotten() {
        // given
        Ear ear = new Ear("anna", null, null, true);
        ear.awaitFrames(1);

        // when
        ear.notificationSubscription.close();
        ear.notificationSubscription.close();
        await(writeNotifications("anna"));
        await(hub.refreshAll());
        Ear other = new Ear("anna", cursor("anna", 0), null, true);
        until("the other hears", () -> other.numbers().equals(List.of(1L)));

        // then
        assertThat(ear.numbers()).isEmpty();
    }

    @Test
    void aGapInTheMiddleIsToldAndNotPassedOver() {
        // given
        writeNotifications("anna", 5);
        execute("DELETE FROM notifications WHERE seq = 3");

        // when
        Ear ear = new Ear("anna", cursor("anna", 1), null, true);

        // then
        until("the reset", () -> ear.frames.size() == 3);
        assertThat(ear.frames).extracting(NotificationFrame::event).containsExactly(null, "notification", "reset");
        assertThat(ear.frames.get(2).id()).isEqualTo(cursor("anna", 5));
    }
}

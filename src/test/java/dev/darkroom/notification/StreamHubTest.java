package dev.darkroom.notification;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.database.Hints;
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
class StreamHubTest extends NotificationFixture {
    private final StreamHub hub = new StreamHub(vertx, database);

    /** Takes what it gets, at once or when it is told to. */
    private final class Ear implements StreamSink {
        private final List<Frame> frames = Collections.synchronizedList(new ArrayList<>());
        private final boolean eager;
        /** Null until the hub has returned it. The hub may send before, on its own event loop. */
        private volatile Subscription subscription;

        private final CompletableFuture<Subscription> opened = new CompletableFuture<>();
        private volatile int sent;

        Ear(String user, String cursor, String subscriber, boolean eager) {
            this.eager = eager;
            this.subscription = hub.open(user, cursor, subscriber, this);
            opened.complete(subscription);
        }

        @Override
        public void send(List<Frame> some) {
            frames.addAll(some);
            sent++;
            if (eager) {
                vertx.runOnContext(soon -> opened.thenAccept(Subscription::ready));
            }
        }

        List<Long> numbers() {
            synchronized (frames) {
                return frames.stream()
                        .filter(frame -> "notification".equals(frame.event()))
                        .map(frame -> new JsonObject(frame.data()).getLong("seq"))
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
        tell("anna", 250);
        Ear slow = new Ear("anna", cursor("anna", 0), null, false);
        slow.awaitFrames(1);

        // when
        slow.subscription.ready();
        until("the first page", () -> slow.sent == 2);
        tell("anna", 5);
        await(hub.lookAtAll());

        // then
        assertThat(slow.numbers()).isEqualTo(upTo(100));

        // when
        slow.subscription.ready();
        until("the second page", () -> slow.sent == 3);
        slow.subscription.ready();
        until("the last page", () -> slow.sent == 4);

        // then
        assertThat(slow.numbers()).isEqualTo(upTo(255));
    }

    @Test
    void runsOnTheContextOfItsVerticle() {
        // given
        Hints hints = Hints.open(vertx, url, settings.database());
        HubVerticle verticle = new HubVerticle(database, hints, Duration.ofHours(1));
        String id = await(vertx.deployVerticle(verticle));
        AtomicReference<Context> context = new AtomicReference<>();

        // when
        verticle.hub().run(() -> context.set(Vertx.currentContext()));

        // then
        until("run", () -> context.get() != null);
        assertThat(context.get().deploymentID()).isEqualTo(id);
        await(hints.close());
    }

    @Test
    void allWhoListenToAUserGetItWhereverTheyStand() {
        // given
        tell("anna", 130);
        String first = cursor("anna", 0);
        String later = cursor("anna", 120);
        List<Ear> ears = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ears.add(new Ear("anna", i % 2 == 0 ? first : later, null, true));
        }

        // when
        until("what was missed", () -> ears.stream().allMatch(ear -> ear.subscription.top() == 130));
        await(tell("anna"));
        hub.hinted(UserKey.of("anna"));

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
        await(tell("anna"));
        await(hub.lookAtAll());

        // then
        until("the notification", () -> ear.numbers().equals(List.of(1L)));
    }

    @Test
    void manyWhoComeAtOnceCostFewStatements() {
        // given
        tell("u7", 3);
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
        ear.subscription.close();
        ear.subscription.close();
        await(tell("anna"));
        await(hub.lookAtAll());
        Ear other = new Ear("anna", cursor("anna", 0), null, true);
        until("the other hears", () -> other.numbers().equals(List.of(1L)));

        // then
        assertThat(ear.numbers()).isEmpty();
    }

    @Test
    void aGapInTheMiddleIsToldAndNotPassedOver() {
        // given
        tell("anna", 5);
        execute("DELETE FROM notifications WHERE seq = 3");

        // when
        Ear ear = new Ear("anna", cursor("anna", 1), null, true);

        // then
        until("the reset", () -> ear.frames.size() == 3);
        assertThat(ear.frames).extracting(Frame::event).containsExactly(null, "notification", "reset");
        assertThat(ear.frames.get(2).id()).isEqualTo(cursor("anna", 5));
    }
}

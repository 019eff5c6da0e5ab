package dev.darkroom.signal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.task.PeriodicTask;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Signals to subscribers of this process and of another one, and their poll. */
@Tag("database")
class ChangeSignalTest {
    private static final ChangeSignal SIGNAL = new ChangeSignal("something");

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.newDatabase();
    private final NotifyChannel channel = open();
    private final NotifyChannel otherChannel = open();
    private final List<String> received = new CopyOnWriteArrayList<>();
    private final List<String> receivedByOther = new CopyOnWriteArrayList<>();

    private NotifyChannel open() {
        Settings.Database settings = SettingsLoader.load(
                        DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                .settings()
                .database();
        return NotifyChannel.open(vertx, url, settings);
    }

    @AfterEach
    void close() throws Exception {
        channel.close().await(60, TimeUnit.SECONDS);
        otherChannel.close().await(60, TimeUnit.SECONDS);
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private static void await(String description, Callable<Boolean> condition) {
        Awaitility.await(description).atMost(Duration.ofSeconds(60)).until(condition);
    }

    /** Waits until both processes are connected, and subscribes in both. */
    private void subscribeBoth() {
        ChangeSignal probe = new ChangeSignal("probe");
        Set<NotifyChannel> connected = ConcurrentHashMap.newKeySet();
        for (NotifyChannel each : List.of(channel, otherChannel)) {
            probe.subscribe(vertx, each, key -> {
                if (key != null) {
                    connected.add(each);
                }
            });
        }
        await("connected", () -> {
            probe.publishToOtherProcesses(channel, "probe");
            probe.publishToOtherProcesses(otherChannel, "probe");
            return connected.size() == 2;
        });
        SIGNAL.subscribe(vertx, channel, key -> received.add(String.valueOf(key)));
        SIGNAL.subscribe(vertx, otherChannel, key -> receivedByOther.add(String.valueOf(key)));
    }

    @Test
    void callsSubscribersOfThisAndOfOtherProcesses() {
        // given
        subscribeBoth();

        // when
        SIGNAL.publish(channel, "a");
        SIGNAL.publish(channel);

        // then
        await("received", () -> receivedByOther.size() == 2);
        assertThat(received).containsExactly("a", "null");
        assertThat(receivedByOther).containsExactly("a", "null");
    }

    @Test
    void skipsSubscribersOfThisProcessWhenPublishedToOthers() {
        // given
        subscribeBoth();
        new ChangeSignal("other topic").subscribe(vertx, otherChannel, key -> received.add("other topic"));

        // when
        SIGNAL.publishToOtherProcesses(channel, "a");

        // then
        await("received", () -> receivedByOther.contains("a"));
        assertThat(received).isEmpty();
    }

    @Test
    void callsHandlerOnContextOfSubscriber() {
        // given
        AtomicReference<Context> called = new AtomicReference<>();
        Context context = vertx.getOrCreateContext();
        context.runOnContext(start -> SIGNAL.subscribe(vertx, channel, key -> called.set(Vertx.currentContext())));

        // when
        await("called", () -> {
            SIGNAL.publish(channel);
            return called.get() != null;
        });

        // then
        assertThat(called.get()).isSameAs(context);
    }

    @Test
    void callsSubscriberWithoutContextBeforePublishReturns() {
        // given
        SIGNAL.subscribe(channel, key -> received.add(String.valueOf(key)));

        // when
        SIGNAL.publish(channel, "a");

        // then
        assertThat(received).contains("a");
    }

    @Test
    void pollsWithoutSignals() throws Exception {
        // given a channel without a connection
        channel.close().await(60, TimeUnit.SECONDS);

        // when
        PeriodicTask pollTask = SIGNAL.subscribe(vertx, channel, Duration.ofMillis(1), key -> {
            received.add(String.valueOf(key));
            return Future.succeededFuture();
        });

        // then
        await("polled", () -> received.size() >= 3);
        assertThat(received).containsOnly("null");
        pollTask.stop();
    }
}

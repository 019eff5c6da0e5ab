package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Notifications between processes, and reconnection after a lost, silent or late connection. */
@Tag("database")
@Execution(ExecutionMode.CONCURRENT)
class NotifyChannelTest {
    /** Too long to lose a connection on a busy machine. */
    private static final Duration LONG_INTERVAL = Duration.ofMinutes(1);

    /** For tests that wait for a lost connection. */
    private static final Duration SHORT_INTERVAL = Duration.ofSeconds(1);

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.newDatabase();
    private final List<NotifyChannel> opened = new ArrayList<>();

    private NotifyChannel open(DatabaseUrl databaseUrl, Duration selfTestInterval, TimeMeter clock) {
        NotifyChannel notifyChannel =
                NotifyChannel.open(vertx, databaseUrl, TestDatabaseSettings.of(databaseUrl), selfTestInterval, clock);
        opened.add(notifyChannel);
        return notifyChannel;
    }

    private static DatabaseUrl proxyUrl(TcpProxy proxy, DatabaseUrl url) {
        return new DatabaseUrl("127.0.0.1", proxy.port(), url.database(), url.user(), url.password());
    }

    private NotifyChannel openListening(DatabaseUrl databaseUrl, AtomicInteger calls) {
        return awaitListening(open(databaseUrl, LONG_INTERVAL, TimeMeter.SYSTEM_NANOTIME), calls);
    }

    /** Waits until the channel listens, when every handler is called once. */
    private static NotifyChannel awaitListening(NotifyChannel notifyChannel, AtomicInteger calls) {
        notifyChannel.listen("work", key -> calls.incrementAndGet());
        await("listening", () -> calls.get() > 0);
        calls.set(0);
        return notifyChannel;
    }

    private static void await(String description, Callable<Boolean> condition) {
        Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }

    @AfterEach
    void close() throws Exception {
        for (NotifyChannel notifyChannel : opened) {
            notifyChannel.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @Test
    void notifiesOtherProcessesButNotSender() {
        // given
        AtomicInteger senderCalls = new AtomicInteger();
        AtomicInteger receiverCalls = new AtomicInteger();
        AtomicInteger otherTopicCalls = new AtomicInteger();
        NotifyChannel sender = openListening(url, senderCalls);
        NotifyChannel receiver = openListening(url, receiverCalls);
        receiver.listen("something else", key -> otherTopicCalls.incrementAndGet());

        // when
        sender.send("work", null);

        // then
        await("notification received", () -> receiverCalls.get() == 1);
        assertThat(senderCalls.get()).isZero();
        assertThat(otherTopicCalls.get()).isZero();
    }

    @Test
    void callsHandlersOnContextOfVerticle() throws Exception {
        // given
        NotifyChannelVerticle verticle = new NotifyChannelVerticle(url, TestDatabaseSettings.of(url));
        String id = vertx.deployVerticle(verticle).await(60, TimeUnit.SECONDS);
        AtomicReference<Context> context = new AtomicReference<>();

        // when
        verticle.channel().listen("work", key -> context.set(Vertx.currentContext()));

        // then
        await("called", () -> context.get() != null);
        assertThat(context.get().deploymentID()).isEqualTo(id);
    }

    @Test
    void combinesEqualNotifications() {
        // given
        AtomicInteger calls = new AtomicInteger();
        NotifyChannel sender = openListening(url, new AtomicInteger());
        openListening(url, calls);

        // when
        for (int i = 0; i < 10_000; i++) {
            sender.send("work", null);
        }

        // then
        await("notification received", () -> calls.get() > 0);
        int before = calls.get();
        sender.send("work", null);
        await("another notification received", () -> calls.get() > before);
        assertThat(calls.get()).isLessThan(100);
    }

    @Test
    void sendsFirstNotificationsAtOnceAndCombinesFurtherOnes() {
        // given a sender with a stopped clock
        AtomicLong time = new AtomicLong();
        NotifyChannel sender = awaitListening(open(url, LONG_INTERVAL, nanoClock(time)), new AtomicInteger());
        List<String> keys = new CopyOnWriteArrayList<>();
        NotifyChannel receiver = openListening(url, new AtomicInteger());
        receiver.listen("row", keys::add);
        for (int i = 1; i <= NotifyChannel.MAX_BURST; i++) {
            int sent = i;

            // when
            sender.send("row", "key" + i);

            // then
            await("notification of its own", () -> keys.size() == sent);
        }

        // when the sender sends more, of which two are equal, and its clock advances after that
        sender.listen("send more", started -> {
            sender.send("row", "equal");
            sender.send("row", "equal");
            sender.send("row", "last");
            vertx.getOrCreateContext().runOnContext(sent -> time.addAndGet(TimeUnit.SECONDS.toNanos(1)));
        });
        receiver.send("send more", null);

        // then
        await("last notification", () -> keys.contains("last"));
        assertThat(keys.subList(NotifyChannel.MAX_BURST, keys.size())).containsExactly("equal", "last");
    }

    private static TimeMeter nanoClock(AtomicLong time) {
        return new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return time.get();
            }

            @Override
            public boolean isWallClockBased() {
                return false;
            }
        };
    }

    @Test
    void dropsKeysWhenTooManyNotificationsWait() {
        // given a sender that sends many keys before its next NOTIFY
        NotifyChannel sender = openListening(url, new AtomicInteger());
        NotifyChannel receiver = openListening(url, new AtomicInteger());
        sender.listen("burst", started -> {
            for (int i = 0; i < 3 * NotifyChannel.MAX_PENDING; i++) {
                sender.send("row", "key" + i);
            }
        });
        AtomicInteger keys = new AtomicInteger();
        AtomicInteger withoutKey = new AtomicInteger();
        receiver.listen("row", key -> (key == null ? withoutKey : keys).incrementAndGet());

        // when
        receiver.send("burst", null);

        // then
        await("notification without a key", () -> withoutKey.get() > 0);
        assertThat(keys.get()).isPositive().isLessThan(2 * NotifyChannel.MAX_PENDING);
    }

    @Test
    void reconnectsAndCallsHandlersAfterLostConnection() {
        // given
        AtomicInteger calls = new AtomicInteger();
        openListening(url, calls);

        // when
        TestPostgres.execute(
                url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'darkroom notify'"
                        + " AND datname = current_database()");

        // then
        await("handlers called after reconnect", () -> calls.get() == 1);
        NotifyChannel sender = openListening(url, new AtomicInteger());
        sender.send("work", null);
        await("next notification received", () -> calls.get() == 2);
    }

    @Test
    void reconnectsAfterSilentConnection() {
        // given
        try (TcpProxy proxy = new TcpProxy(url.host(), url.port())) {
            AtomicInteger calls = new AtomicInteger();
            awaitListening(open(proxyUrl(proxy, url), SHORT_INTERVAL, TimeMeter.SYSTEM_NANOTIME), calls);
            NotifyChannel sender = openListening(url, new AtomicInteger());

            // when a notification is sent to the silent connection
            proxy.silenceConnections();
            sender.send("work", null);

            // then
            await("reconnected, handlers called", () -> calls.get() > 0);
        }
    }

    @Test
    void closesConnectionEstablishedAfterTimeout() {
        // given a proxy on which connecting takes longer than the timeout
        try (TcpProxy proxy = new TcpProxy(url.host(), url.port())) {
            proxy.delay(SHORT_INTERVAL);
            AtomicInteger calls = new AtomicInteger();
            open(proxyUrl(proxy, url), SHORT_INTERVAL, TimeMeter.SYSTEM_NANOTIME)
                    .listen("work", key -> calls.incrementAndGet());
            await("late connection established", () -> sessions() >= 1);

            // when
            proxy.delay(Duration.ZERO);

            // then
            await("listening", () -> calls.get() > 0);
            await("one session", () -> sessions() == 1);
        }
    }

    private int sessions() {
        return Integer.parseInt(TestPostgres.query(
                        url,
                        "SELECT count(*) FROM pg_stat_activity"
                                + " WHERE pid <> pg_backend_pid() AND datname = current_database()")
                .get(0));
    }

    @Test
    void connectsOnceDatabaseIsAvailable() {
        // given
        try (TcpProxy proxy = new TcpProxy(url.host(), url.port())) {
            proxy.refuseConnections();
            AtomicInteger calls = new AtomicInteger();
            NotifyChannel notifyChannel = open(proxyUrl(proxy, url), SHORT_INTERVAL, TimeMeter.SYSTEM_NANOTIME);
            notifyChannel.listen("work", key -> calls.incrementAndGet());
            notifyChannel.send("work", null);

            // when
            proxy.acceptConnections();

            // then
            await("listening", () -> calls.get() == 1);
        }
    }
}

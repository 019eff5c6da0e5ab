package dev.darkroom.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What processes tell each other through PostgreSQL, and what they do when it does not get through. */
@Tag("database")
@Execution(ExecutionMode.CONCURRENT)
class NotifyChannelTest {
    private static final Duration TEST = Duration.ofSeconds(1);

    private final Vertx vertx = Vertx.vertx();
    private final DatabaseUrl url = TestPostgres.newDatabase();
    private final List<NotifyChannel> opened = new ArrayList<>();

    private NotifyChannel open(DatabaseUrl at) {
        NotifyChannel notifyChannel = NotifyChannel.open(vertx, at, TestDatabaseSettings.of(at), TEST);
        opened.add(notifyChannel);
        return notifyChannel;
    }

    private static DatabaseUrl through(TcpProxy proxy, DatabaseUrl url) {
        return new DatabaseUrl("127.0.0.1", proxy.port(), url.database(), url.user(), url.password());
    }

    /** Opens one, and waits until it listens: then every listener is called once. */
    private NotifyChannel listening(DatabaseUrl at, AtomicInteger calls) {
        NotifyChannel notifyChannel = open(at);
        notifyChannel.listen("work", calls::incrementAndGet);
        await("listening", () -> calls.get() > 0);
        calls.set(0);
        return notifyChannel;
    }

    private static void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
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
    void anotherProcessHearsAHintAndTheSenderDoesNot() {
        // given
        AtomicInteger mine = new AtomicInteger();
        AtomicInteger others = new AtomicInteger();
        AtomicInteger elsewhere = new AtomicInteger();
        NotifyChannel sender = listening(url, mine);
        NotifyChannel receiver = listening(url, others);
        receiver.listen("something else", elsewhere::incrementAndGet);

        // when
        sender.send("work");

        // then
        await("the hint", () -> others.get() == 1);
        assertThat(mine.get()).isZero();
        assertThat(elsewhere.get()).isZero();
    }

    @Test
    void runOnTheContextOfTheirVerticle() throws Exception {
        // given
        NotifyChannelVerticle verticle = new NotifyChannelVerticle(url, TestDatabaseSettings.of(url));
        String id = vertx.deployVerticle(verticle).await(30, TimeUnit.SECONDS);
        AtomicReference<Context> context = new AtomicReference<>();

        // when
        verticle.channel().listen("work", () -> context.set(Vertx.currentContext()));

        // then
        await("called", () -> context.get() != null);
        assertThat(context.get().deploymentID()).isEqualTo(id);
    }

    @Test
    void manyHintsBecomeFew() {
        // given
        AtomicInteger heard = new AtomicInteger();
        NotifyChannel sender = listening(url, new AtomicInteger());
        listening(url, heard);

        // when
        for (int i = 0; i < 10_000; i++) {
            sender.send("work");
        }

        // then
        await("a hint", () -> heard.get() > 0);
        sender.send("work");
        int before = heard.get();
        await("one more", () -> heard.get() > before);
        assertThat(heard.get()).isLessThan(100);
    }

    @Test
    void aConnectionThatIsCutIsMadeAgainAndWhatWasMissedIsLookedFor() {
        // given
        AtomicInteger heard = new AtomicInteger();
        listening(url, heard);

        // when
        TestPostgres.execute(
                url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'darkroom hints'"
                        + " AND datname = current_database()");

        // then
        await("looked for what was missed", () -> heard.get() == 1);
        NotifyChannel sender = listening(url, new AtomicInteger());
        sender.send("work");
        await("the next hint", () -> heard.get() == 2);
    }

    @Test
    void aConnectionThatFellSilentIsNoticed() {
        // given
        try (TcpProxy proxy = new TcpProxy(url.host(), url.port())) {
            AtomicInteger heard = new AtomicInteger();
            listening(through(proxy, url), heard);
            NotifyChannel sender = listening(url, new AtomicInteger());

            // when: a hint goes where nobody will ever hear it
            proxy.cancelResponseLoss();
            sender.send("work");

            // then
            await("connected again, with what was missed", () -> heard.get() > 0);
        }
    }

    @Test
    void aConnectionThatComesTooLateIsNotKept() {
        // given a way to the database on which a connection takes longer than anybody waits for it
        try (TcpProxy proxy = new TcpProxy(url.host(), url.port())) {
            proxy.delay(TEST);
            AtomicInteger heard = new AtomicInteger();
            open(through(proxy, url)).listen("work", heard::incrementAndGet);
            await("one came too late", () -> sessions() >= 1);

            // when
            proxy.delay(Duration.ZERO);

            // then
            await("listening", () -> heard.get() > 0);
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
    void aDatabaseThatIsAwayIsWaitedFor() {
        // given
        try (TcpProxy proxy = new TcpProxy(url.host(), url.port())) {
            proxy.refuseConnections();
            AtomicInteger heard = new AtomicInteger();
            NotifyChannel notifyChannel = open(through(proxy, url));
            notifyChannel.listen("work", heard::incrementAndGet);
            notifyChannel.send("work");

            // when
            proxy.acceptConnections();

            // then
            await("listening", () -> heard.get() == 1);
        }
    }
}

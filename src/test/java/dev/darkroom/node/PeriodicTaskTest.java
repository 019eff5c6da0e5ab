package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is done again and again, and when it ends. */
class PeriodicTaskTest {
    private static final Duration SHORT = Duration.ofMillis(5);

    private final Vertx vertx = Vertx.vertx();
    private final Queue<Promise<Void>> turns = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private Future<Void> turn() {
        Promise<Void> turn = Promise.promise();
        turns.add(turn);
        return turn.future();
    }

    private PeriodicTask start(Duration interval, Supplier<Future<?>> work) {
        PeriodicTask periodicTask = new PeriodicTask(vertx, interval, work);
        periodicTask.start();
        return periodicTask;
    }

    private void awaitTurns(int count) {
        await().atMost(Duration.ofSeconds(60)).until(() -> turns.size() >= count);
    }

    @Test
    void theFirstTurnComesAtOnceAndTheNextOnlyWhenItHasEnded() {
        // when
        start(SHORT, this::turn);

        // then
        assertThat(turns).hasSize(1);
        await().during(Duration.ofMillis(100)).until(() -> turns.size() == 1);

        // when
        turns.element().complete();

        // then
        awaitTurns(2);
    }

    @Test
    void aTurnThatFailsOrThrowsIsFollowedByAnother() {
        // when
        start(SHORT, () -> {
            Future<Void> turn = turn();
            if (turns.size() == 1) {
                throw new IllegalStateException("a bug");
            }
            turns.forEach(each -> each.tryFail("the database is away"));
            return turn;
        });

        // then
        awaitTurns(4);
    }

    @Test
    void theEndWaitsForTheTurnUnderWayAndThereIsNoOther() {
        // given
        PeriodicTask periodicTask = start(SHORT, this::turn);

        // when
        Future<?> stopped = periodicTask.stop();

        // then
        assertThat(stopped.isComplete()).isFalse();
        turns.element().fail("broken off");
        assertThat(stopped.succeeded()).isTrue();
        await().during(Duration.ofMillis(100)).until(() -> turns.size() == 1);
    }

    @Test
    void oneThatIsStoppedBetweenTurnsHasNoOther() {
        // given
        PeriodicTask periodicTask = start(Duration.ofMillis(50), () -> {
            turn();
            return Future.succeededFuture();
        });
        int before = turns.size();

        // when
        Future<?> stopped = periodicTask.stop();

        // then
        assertThat(stopped.succeeded()).isTrue();
        await().during(Duration.ofMillis(200)).until(() -> turns.size() == before);
    }
}

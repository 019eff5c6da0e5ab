package dev.darkroom.task;

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

/** Runs of a periodic task, and its stop. */
class PeriodicTaskTest {
    private static final Duration SHORT = Duration.ofMillis(5);

    private final Vertx vertx = Vertx.vertx();
    private final Queue<Promise<Void>> runs = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private Future<Void> run() {
        Promise<Void> run = Promise.promise();
        runs.add(run);
        return run.future();
    }

    private PeriodicTask start(Duration interval, Supplier<Future<?>> task) {
        PeriodicTask periodicTask = new PeriodicTask(vertx, interval, task);
        periodicTask.start();
        return periodicTask;
    }

    private void awaitRuns(int count) {
        await().atMost(Duration.ofSeconds(60)).until(() -> runs.size() >= count);
    }

    @Test
    void startsFirstRunImmediatelyAndTheNextAfterItsEnd() {
        // when
        start(SHORT, this::run);

        // then
        assertThat(runs).hasSize(1);
        await().during(Duration.ofMillis(100)).until(() -> runs.size() == 1);

        // when
        runs.element().complete();

        // then
        awaitRuns(2);
    }

    @Test
    void continuesAfterARunThatFailsOrThrows() {
        // when
        start(SHORT, () -> {
            Future<Void> run = run();
            if (runs.size() == 1) {
                throw new IllegalStateException("a bug");
            }
            runs.forEach(each -> each.tryFail("the database is unavailable"));
            return run;
        });

        // then
        awaitRuns(4);
    }

    @Test
    void stopWaitsForTheCurrentRunAndPreventsOthers() {
        // given
        PeriodicTask periodicTask = start(SHORT, this::run);

        // when
        Future<?> stopped = periodicTask.stop();

        // then
        assertThat(stopped.isComplete()).isFalse();
        runs.element().fail("aborted");
        assertThat(stopped.succeeded()).isTrue();
        await().during(Duration.ofMillis(100)).until(() -> runs.size() == 1);
    }

    @Test
    void stopBetweenRunsPreventsOthers() {
        // given
        PeriodicTask periodicTask = start(Duration.ofMillis(50), () -> {
            run();
            return Future.succeededFuture();
        });
        int before = runs.size();

        // when
        Future<?> stopped = periodicTask.stop();

        // then
        assertThat(stopped.succeeded()).isTrue();
        await().during(Duration.ofMillis(200)).until(() -> runs.size() == before);
    }
}

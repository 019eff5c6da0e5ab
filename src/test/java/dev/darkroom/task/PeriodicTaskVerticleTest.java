package dev.darkroom.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tasks of one verticle, and its stop. */
class PeriodicTaskVerticleTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private String deploy(PeriodicTaskVerticle.Task... tasks) throws Exception {
        return vertx.deployVerticle(new PeriodicTaskVerticle(List.of(tasks))).await(60, TimeUnit.SECONDS);
    }

    @Test
    void runsEachTaskOnItsEventLoopAlsoWhileOthersFailOrHang() throws Exception {
        // given
        Promise<Void> hanging = Promise.promise();
        AtomicInteger runs = new AtomicInteger();
        Set<Context> contexts = ConcurrentHashMap.newKeySet();

        // when
        deploy(
                new PeriodicTaskVerticle.Task(Duration.ofMillis(1), stopped -> {
                    throw new IllegalStateException("a bug");
                }),
                new PeriodicTaskVerticle.Task(Duration.ofMillis(1), stopped -> hanging.future()),
                new PeriodicTaskVerticle.Task(Duration.ofMillis(1), stopped -> {
                    runs.incrementAndGet();
                    contexts.add(Vertx.currentContext());
                    return Future.succeededFuture();
                }));

        // then
        await().atMost(TIMEOUT).until(() -> runs.get() >= 5);
        assertThat(contexts).hasSize(1);
        hanging.complete();
    }

    @Test
    void undeploymentTellsTheRunningTaskAndWaitsForIt() throws Exception {
        // given a run that has not ended
        Promise<Void> run = Promise.promise();
        AtomicReference<BooleanSupplier> stopped = new AtomicReference<>();
        AtomicInteger runs = new AtomicInteger();
        String id = deploy(new PeriodicTaskVerticle.Task(Duration.ofMillis(1), flag -> {
            runs.incrementAndGet();
            stopped.set(flag);
            return run.future();
        }));
        assertThat(stopped.get().getAsBoolean()).isFalse();

        // when
        Future<Void> undeployed = vertx.undeploy(id);

        // then
        await().atMost(TIMEOUT).until(() -> stopped.get().getAsBoolean());
        assertThat(undeployed.isComplete()).isFalse();
        run.complete();
        undeployed.await(60, TimeUnit.SECONDS);
        assertThat(runs).hasValue(1);
    }
}

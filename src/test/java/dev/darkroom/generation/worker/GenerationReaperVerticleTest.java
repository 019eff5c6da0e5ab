package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.generation.store.TestFailures;
import dev.darkroom.testing.SteppingClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The reaper ends abandoned and overdue generations or makes them due again. */
@Tag("database")
class GenerationReaperVerticleTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private String deployReaper(GenerationFinishListener... listeners) {
        return await(queue.vertx.deployVerticle(new GenerationReaperVerticle(
                queue.database,
                queue.notifyChannel,
                queue.settings,
                List.of(listeners),
                new AttemptMetrics(new SimpleMeterRegistry()))));
    }

    private SteppingClock deployReaperWithSteppingClock() {
        SteppingClock clock = new SteppingClock();
        await(queue.vertx.deployVerticle(new GenerationReaperVerticle(
                queue.database,
                queue.notifyChannel,
                queue.settings,
                List.of(),
                new AttemptMetrics(new SimpleMeterRegistry()),
                clock)));
        Awaitility.await("read").atMost(Duration.ofSeconds(60)).until(() -> clock.readings() > 0);
        return clock;
    }

    /** Waits for several complete runs of the reaper. */
    private void awaitRuns(SteppingClock clock) {
        int before = clock.readings();
        Awaitility.await("runs").atMost(Duration.ofSeconds(60)).until(() -> clock.readings() > before + 5);
    }

    @Test
    @DisplayName("when the database clock steps ahead, nothing expires and no lease of a live process is reclaimed")
    void toleratesAStepAhead() {
        // given
        GenerationLease running = queue.submitAndClaim();
        UUID waiting = queue.submit();
        SteppingClock clock = deployReaperWithSteppingClock();

        // when all timestamps are ten minutes older
        clock.step(
                Duration.ofMinutes(10),
                () -> queue.execute(
                        "UPDATE generation_queue SET deadline = deadline - interval '10 min', attempt_deadline = attempt_deadline - interval '10 min',"
                                + " run_at = run_at - interval '10 min', attempt_started_at = attempt_started_at - interval '10 min'",
                        "UPDATE nodes SET expires_at = expires_at - interval '10 min'"));
        awaitRuns(clock);

        // then
        assertThat(queue.queryValue("SELECT count(*) FROM generations WHERE status = 'PENDING'"))
                .isEqualTo("2");
        assertThat(queue.queryValue("SELECT lease_owner FROM generation_queue WHERE generation_id = '"
                        + running.generationId() + "'"))
                .isEqualTo(running.nodeId().toString());
        assertThat(queue.queryValue("SELECT (deadline > now())::text FROM generation_queue WHERE generation_id = '"
                        + waiting + "'"))
                .isEqualTo("true");
    }

    @Test
    @DisplayName(
            "when the database clock steps back, due generations stay due, and deadlines stay within their maximum")
    void toleratesAStepBack() {
        // given
        UUID waiting = queue.submit();
        SteppingClock clock = deployReaperWithSteppingClock();

        // when
        clock.step(
                Duration.ofMinutes(-10),
                () -> set(waiting, "deadline = deadline + interval '10 min', run_at = run_at + interval '10 min'"));
        awaitRuns(clock);

        // then
        assertThat(queue.queryValue("SELECT concat_ws(' ', run_at <= now(), deadline <= now() + interval '"
                        + queue.settings.generation().deadline().toSeconds() + " s') FROM generation_queue"))
                .isEqualTo("t t");
    }

    private void awaitValue(String sql, String expected) {
        Awaitility.await(sql)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> expected.equals(queue.queryValue(sql)));
    }

    private String attempt(UUID generation) {
        return queue.queryValue("""
                SELECT concat_ws(' ', number, outcome, counted, error_class, error_code, retry_at IS NOT NULL)
                FROM generation_attempts WHERE generation_id = '%s' ORDER BY number DESC LIMIT 1""".formatted(generation));
    }

    private void set(UUID generation, String assignment) {
        queue.execute("UPDATE generation_queue SET " + assignment + " WHERE generation_id = '" + generation + "'");
    }

    @Test
    void requeuesUncountedAfterTheDeathOfItsNode() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        queue.expireNode(generationLease.nodeId());

        // when
        deployReaper();

        // then
        awaitValue("SELECT count(*) FROM generation_queue WHERE lease_owner IS NULL", "1");
        assertThat(attempt(generationLease.generationId())).isEqualTo("1 LOST f AMBIGUOUS NODE_LOST t");
        assertThat(queue.queryValue("SELECT counted_failures || ' ' || lost_attempts FROM generation_queue"))
                .isEqualTo("0 1");
        assertThat(queue.queryValue("SELECT node_id FROM generation_attempts"))
                .isEqualTo(generationLease.nodeId().toString());
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void failsAfterTooManyLostAttempts() {
        // given four lost attempts, of five allowed
        GenerationLease generationLease = queue.submitAndClaim();
        for (int i = 0; i < 4; i++) {
            await(queue.outcomeStore.retry(
                    generationLease,
                    AttemptOutcome.LOST,
                    false,
                    TestFailures.SERVER_ERROR,
                    Duration.ZERO,
                    null,
                    TestGenerations.SUBMITTED));
            generationLease = queue.claim(generationLease.nodeId(), 1).get(0);
        }
        queue.expireNode(generationLease.nodeId());

        // when
        deployReaper();

        // then
        awaitValue("SELECT status || ' ' || error_code FROM generations", "FAILED ATTEMPTS_LOST");
        assertThat(attempt(generationLease.generationId())).isEqualTo("5 LOST f AMBIGUOUS NODE_LOST f");
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void reclaimsUncountedFromLiveNodeAfterTheAttemptDeadline() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        set(generationLease.generationId(), "attempt_deadline = now() - interval '6 s'");

        // when
        deployReaper();

        // then
        awaitValue("SELECT count(*) FROM generation_queue WHERE lease_owner IS NULL", "1");
        assertThat(attempt(generationLease.generationId())).isEqualTo("1 TIMEOUT f INTERNAL TIMED_OUT t");
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void failsAndPublishesOverdueGeneration() {
        // given
        Map<String, JsonObject> events = new ConcurrentHashMap<>();
        await(queue.vertx
                .eventBus()
                .<JsonObject>consumer(
                        GenerationBus.EVENTS, event -> events.put(event.body().getString("id"), event.body()))
                .completion());
        UUID id = queue.submit();
        set(id, "deadline = now()");

        // when
        deployReaper();

        // then
        awaitValue("SELECT status || ' ' || error_code FROM generations", "FAILED DEADLINE_EXCEEDED");
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> events.containsKey(id.toString()));
        assertThat(events.get(id.toString()))
                .isEqualTo(new JsonObject()
                        .put("version", 1)
                        .put("type", "generation.ended")
                        .put("id", id.toString())
                        .put("user", "local")
                        .put("status", "FAILED"));
    }

    @Test
    void failsAfterALossPastTheDeadline() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        set(generationLease.generationId(), "deadline = now() - interval '1 s'");
        queue.expireNode(generationLease.nodeId());

        // when
        deployReaper();

        // then
        awaitValue("SELECT status || ' ' || error_code FROM generations", "FAILED DEADLINE_EXCEEDED");
        assertThat(attempt(generationLease.generationId())).isEqualTo("1 LOST f AMBIGUOUS NODE_LOST f");
    }

    @Test
    void failureForOneGenerationDoesNotBlockOthers() {
        // given a listener that fails for two generations
        GenerationLease failingLeased = queue.submitAndClaim();
        GenerationLease lost = queue.submitAndClaim();
        UUID failingWaiting = queue.submit();
        UUID overdue = queue.submit();
        for (UUID id : List.of(failingLeased.generationId(), failingWaiting, overdue)) {
            set(id, "deadline = now() - interval '1 s'");
        }
        queue.expireNode(failingLeased.nodeId());
        queue.expireNode(lost.nodeId());

        // when
        deployReaper((scope, generations) -> generations.stream()
                        .anyMatch(each -> each.id().equals(failingLeased.generationId())
                                || each.id().equals(failingWaiting))
                ? Future.failedFuture("listener failed")
                : Future.succeededFuture());

        // then
        awaitValue("SELECT status FROM generations WHERE id = '" + overdue + "'", "FAILED");
        awaitValue(
                "SELECT lost_attempts FROM generation_queue WHERE generation_id = '" + lost.generationId() + "'", "1");
        assertThat(queue.query("SELECT id FROM generations WHERE status = 'PENDING'"))
                .contains(failingLeased.generationId().toString(), failingWaiting.toString());
    }

    @Test
    void severalReapersEndAGenerationOnce() {
        // given
        Map<UUID, Integer> finished = new ConcurrentHashMap<>();
        GenerationFinishListener count = (scope, generations) -> {
            generations.forEach(each -> finished.merge(each.id(), 1, Integer::sum));
            return Future.succeededFuture();
        };
        for (int i = 0; i < 30; i++) {
            set(queue.submit(), "deadline = now()");
        }

        // when
        for (int i = 0; i < 4; i++) {
            deployReaper(count);
        }

        // then
        awaitValue("SELECT count(*) FROM generations WHERE status = 'FAILED'", "30");
        assertThat(finished).hasSize(30);
        assertThat(finished.values()).containsOnly(1);
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void stopWaitsForTheCurrentRunAndPreventsOthers() {
        // given a listener that blocks the reaper during a run
        Promise<Void> blocked = Promise.promise();
        Promise<Void> release = Promise.promise();
        set(queue.submit(), "deadline = now()");
        String first = deployReaper((scope, generations) -> {
            blocked.tryComplete();
            return release.future();
        });
        await(blocked.future());

        // when
        Future<Void> stopping = queue.vertx.undeploy(first);
        release.complete();
        await(stopping);

        // then another reaper ends all later generations
        Map<UUID, Integer> finished = new ConcurrentHashMap<>();
        for (int i = 0; i < 30; i++) {
            set(queue.submit(), "deadline = now()");
        }
        deployReaper((scope, generations) -> {
            generations.forEach(each -> finished.merge(each.id(), 1, Integer::sum));
            return Future.succeededFuture();
        });
        awaitValue("SELECT count(*) FROM generations WHERE status = 'FAILED'", "31");
        assertThat(finished).hasSize(30);
    }
}

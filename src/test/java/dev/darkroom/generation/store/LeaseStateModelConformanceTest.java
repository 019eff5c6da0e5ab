package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.LeaseStateModel.Gen;
import dev.darkroom.generation.store.LeaseStateModel.Sent;
import dev.darkroom.generation.store.LeaseStateModel.State;
import dev.darkroom.generation.store.LeaseStateModel.Status;
import dev.darkroom.generation.store.LeaseStateModel.Step;
import dev.darkroom.generation.store.LeaseStateModel.Variant;
import dev.darkroom.generation.store.LeaseStateModel.Write;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compares the model with the statements on a real database: takes random paths through the model and runs each step as a statement. A
 * tick moves the rows of the nodes back by an hour, so that real time has no effect.
 */
@Tag("database")
class LeaseStateModelConformanceTest {
    private static final int WALKS = 30;
    private static final int STEPS = 60;
    private static final int PROCESSES = 2;
    private static final Map<String, Integer> WEIGHTS = Map.of(
            "time passes",
            4,
            "crashes",
            1,
            "freezes",
            1,
            "is lost",
            1,
            "releases",
            1,
            "loses the claim response",
            1,
            "loses the heartbeat response",
            1,
            "sends a heartbeat",
            4,
            "arrives",
            3,
            "sends",
            20);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final LeaseStateModel model = new LeaseStateModel(Variant.AS_BUILT);

    @Test
    void statementsMatchTheModel() {
        long seed = Long.getLong("darkroom.chaos.seed", new Random().nextLong());
        System.out.printf("model and statements, repeat with -Ddarkroom.chaos.seed=%d%n", seed);
        Random random = new Random(seed);
        Map<String, Integer> done = new HashMap<>();
        for (int i = 0; i < WALKS; i++) {
            walk(STEPS, (state, number) -> choose(model.steps(state), random), done);
            queue.clear();
        }
        System.out.println("model and statements: " + done);
        assertThat(done).containsKeys("arrives COMPLETE true", "arrives LOST true");
    }

    /** A write that arrives when a newer claim holds the lease, which random paths rarely contain. */
    @ParameterizedTest
    @EnumSource(Write.class)
    void lateWriteChangesNothing(Write write) {
        // given
        List<Step> path = pathTo((state, step) -> step.name().equals("arrives")
                && step.sent().equals(new Sent(write, false))
                && state.gens().get(0).status() == Status.LEASED);

        // then
        walk(path.size(), (state, number) -> path.get(number), new HashMap<>());
    }

    /** Returns a shortest path to a step, including that step. */
    private List<Step> pathTo(BiPredicate<State, Step> goal) {
        Map<State, Step> incomingSteps = new HashMap<>();
        Map<State, State> predecessors = new HashMap<>();
        Deque<State> queue = new ArrayDeque<>(List.of(start()));
        while (!queue.isEmpty()) {
            State state = queue.remove();
            for (Step step : model.steps(state)) {
                if (goal.test(state, step)) {
                    Deque<Step> path = new ArrayDeque<>(List.of(step));
                    for (State at = state; predecessors.containsKey(at); at = predecessors.get(at)) {
                        path.addFirst(incomingSteps.get(at));
                    }
                    return List.copyOf(path);
                }
                if (!step.next().equals(start()) && incomingSteps.putIfAbsent(step.next(), step) == null) {
                    predecessors.put(step.next(), state);
                    queue.add(step.next());
                }
            }
        }
        throw new AssertionError("no path leads to the step");
    }

    private static State start() {
        return LeaseStateModel.start(1, PROCESSES, 3);
    }

    private void walk(int maxSteps, BiFunction<State, Integer, Step> choice, Map<String, Integer> done) {
        DatabaseState database = new DatabaseState();
        State state = start();
        List<String> path = new ArrayList<>();
        for (int i = 0; i < maxSteps && !model.steps(state).isEmpty(); i++) {
            Step step = choice.apply(state, i);
            path.add(step.toString());
            database.take(step, state);
            state = step.next();
            database.compare(state, model, path);
            String name = step.name()
                    + (step.sent() == null
                            ? ""
                            : " " + step.sent().write() + " " + step.sent().newest());
            done.merge(name, 1, Integer::sum);
        }
        assertThat(queue.findViolations()).as(path::toString).isEmpty();
    }

    /** Prefers actions of processes, because ticks and faults are always possible and would end the path early. */
    private static Step choose(List<Step> steps, Random random) {
        List<Step> weighted = new ArrayList<>();
        for (Step step : steps) {
            int weight = WEIGHTS.getOrDefault(step.name(), 8);
            for (int i = 0; i < weight; i++) {
                weighted.add(step);
            }
        }
        return weighted.get(random.nextInt(weighted.size()));
    }

    /** State of the model in the database. */
    private static final class DatabaseState {
        private final UUID generation = queue.submit();
        private final UUID[] identities = new UUID[PROCESSES];
        /** Last lease of each process, under its current or a former identity. */
        private final GenerationLease[] leases = new GenerationLease[PROCESSES];

        private final List<GenerationLease> claimed = new ArrayList<>();
        private final Map<Sent, GenerationLease> sent = new HashMap<>();

        void take(Step step, State before) {
            int p = step.proc();
            switch (step.name()) {
                case "registers" -> {
                    identities[p] = UUID.randomUUID();
                    sql("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + identities[p]
                            + "', 'test', 'test', now() + interval '" + LeaseStateModel.TTL + " hours')");
                }
                case "sends a heartbeat" -> assertThat(heartbeat(p)).as("alive").isTrue();
                case "finds its row expired" ->
                    assertThat(heartbeat(p)).as("alive").isFalse();
                case "time passes" -> sql("UPDATE nodes SET expires_at = expires_at - interval '1 hour'");
                case "claims" -> {
                    List<GenerationLease> batch = queue.claim(identities[p], 10);
                    assertThat(batch).hasSize(1);
                    leases[p] = batch.get(0);
                    claimed.add(batch.get(0));
                    markPendingWritesOutdated();
                }
                case "releases" ->
                    assertThat(await(queue.leaseStore.release(newest(), false, Duration.ZERO)))
                            .isTrue();
                case "sends" -> sent.put(step.sent(), leases[p]);
                case "reaper finds" -> sent.put(step.sent(), abandoned().get(0).generationLease());
                case "is lost" -> sent.remove(step.sent());
                case "arrives" -> arrives(step.sent(), before.gens().get(0));
                default -> {
                    // Local to a process.
                }
            }
        }

        /** Runs a statement on pooled connections, because there are many steps. */
        private static List<String> sql(String sql) {
            List<String> values = new ArrayList<>();
            await(queue.database.pool().query(sql).execute())
                    .forEach(row -> values.add(row.getValue(0).toString()));
            return values;
        }

        private boolean heartbeat(int p) {
            return !sql("UPDATE nodes SET expires_at = now() + interval '" + LeaseStateModel.TTL
                            + " hours' WHERE id = '" + identities[p] + "' AND expires_at > now() RETURNING id")
                    .isEmpty();
        }

        private GenerationLease newest() {
            return claimed.get(claimed.size() - 1);
        }

        private List<GenerationLeaseStore.AbandonedLease> abandoned() {
            return await(queue.leaseStore.findAbandoned(Duration.ofSeconds(5), 10));
        }

        /** Marks pending writes as those of an older claim, after a new claim. */
        private void markPendingWritesOutdated() {
            Map<Sent, GenerationLease> older = new HashMap<>();
            sent.forEach((each, generationLease) -> older.put(new Sent(each.write(), false), generationLease));
            sent.clear();
            sent.putAll(older);
        }

        private void arrives(Sent write, Gen before) {
            GenerationLease generationLease = sent.remove(write);
            boolean expected = before.status() == Status.LEASED && write.newest();
            boolean changed = switch (write.write()) {
                case COMPLETE ->
                    await(queue.outcomeStore.complete(
                                    generationLease,
                                    GenerationDatabaseFixture.storedImages(1),
                                    TestGenerations.SUBMITTED))
                            .isPresent();
                case RETRY ->
                    before.counted() + 1 >= LeaseStateModel.MAX_COUNTED
                            ? fail(generationLease, AttemptOutcome.RETRYABLE, true)
                            : retry(generationLease, AttemptOutcome.RETRYABLE, true);
                case LOST ->
                    before.lost() + 1 >= LeaseStateModel.MAX_LOST
                            ? fail(generationLease, AttemptOutcome.LOST, false)
                            : retry(generationLease, AttemptOutcome.LOST, false);
            };
            assertThat(changed).as("changed").isEqualTo(expected);
        }

        private static boolean retry(GenerationLease generationLease, AttemptOutcome outcome, boolean counted) {
            return await(queue.outcomeStore.retry(
                            generationLease,
                            outcome,
                            counted,
                            TestFailures.SERVER_ERROR,
                            Duration.ZERO,
                            null,
                            TestGenerations.SUBMITTED))
                    .isPresent();
        }

        private static boolean fail(GenerationLease generationLease, AttemptOutcome outcome, boolean counted) {
            GenerationError error = new GenerationError("GIVEN_UP", FailureClass.SERVER_ERROR, "Failed.", false);
            return await(queue.outcomeStore.fail(
                            generationLease,
                            outcome,
                            counted,
                            TestFailures.SERVER_ERROR,
                            error,
                            TestGenerations.SUBMITTED))
                    .isPresent();
        }

        /** Compares the rows with a state of the model, and checks that steps impossible in the model change nothing. */
        void compare(State state, LeaseStateModel model, List<String> path) {
            Gen gen = state.gens().get(0);
            String row =
                    sql("SELECT g.status || ' ' || coalesce((SELECT (lease_owner IS NOT NULL) || ' ' || lost_attempts"
                                    + " || ' ' || counted_failures FROM generation_queue), '') FROM generations g")
                            .get(0);
            String status = gen.ended() ? gen.status().name() : "PENDING";
            String expected = gen.ended()
                    ? status + " "
                    : status + " " + (gen.status() == Status.LEASED) + " " + gen.lost() + " " + gen.counted();
            assertThat(row).as(path::toString).isEqualTo(expected);
            assertThat(abandoned().size())
                    .as(() -> "abandoned after " + path)
                    .isEqualTo(model.abandoned(state, gen) ? 1 : 0);
            for (int p = 0; p < PROCESSES; p++) {
                boolean claimable =
                        gen.status() == Status.WAITING && state.procs().get(p).row() > 0;
                if (identities[p] != null && !claimable) {
                    assertThat(queue.claim(identities[p], 10))
                            .as(() -> "claimed after " + path)
                            .isEmpty();
                }
            }
        }
    }
}

package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.RetryDecision;
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
 * The model against the real statements on the real database: random ways through the model, each step done for real, the
 * same outcome each time. A tick is an hour that the rows of the processes are moved back, so that real time does not count.
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
            "gives back",
            1,
            "never hears of its claim",
            1,
            "gets no answer to its heartbeat",
            1,
            "beats",
            4,
            "arrives",
            3,
            "sends",
            20);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final LeaseStateModel model = new LeaseStateModel(Variant.AS_BUILT);

    @Test
    void theStatementsDoWhatTheModelSays() {
        long seed = Long.getLong("darkroom.chaos.seed", new Random().nextLong());
        System.out.printf("model and statements, again with -Ddarkroom.chaos.seed=%d%n", seed);
        Random dice = new Random(seed);
        Map<String, Integer> done = new HashMap<>();
        for (int i = 0; i < WALKS; i++) {
            walk(STEPS, (state, number) -> likely(model.steps(state), dice), done);
            queue.clear();
        }
        System.out.println("model and statements: " + done);
        assertThat(done).containsKeys("arrives COMPLETE true", "arrives LOST true");
    }

    /** What chance hardly ever meets: a write that arrives when a younger claim holds the lease. */
    @ParameterizedTest
    @EnumSource(Write.class)
    void whatComesTooLateChangesNothing(Write write) {
        // given
        List<Step> way = wayTo((state, step) -> step.name().equals("arrives")
                && step.sent().equals(new Sent(write, false))
                && state.gens().get(0).status() == Status.LEASED);

        // then
        walk(way.size(), (state, number) -> way.get(number), new HashMap<>());
    }

    /** A shortest way to a step, and that step. */
    private List<Step> wayTo(BiPredicate<State, Step> goal) {
        Map<State, Step> by = new HashMap<>();
        Map<State, State> from = new HashMap<>();
        Deque<State> queue = new ArrayDeque<>(List.of(start()));
        while (!queue.isEmpty()) {
            State state = queue.remove();
            for (Step step : model.steps(state)) {
                if (goal.test(state, step)) {
                    Deque<Step> way = new ArrayDeque<>(List.of(step));
                    for (State at = state; from.containsKey(at); at = from.get(at)) {
                        way.addFirst(by.get(at));
                    }
                    return List.copyOf(way);
                }
                if (!step.next().equals(start()) && by.putIfAbsent(step.next(), step) == null) {
                    from.put(step.next(), state);
                    queue.add(step.next());
                }
            }
        }
        throw new AssertionError("no way leads there");
    }

    private static State start() {
        return LeaseStateModel.start(1, PROCESSES, 3);
    }

    private void walk(int most, BiFunction<State, Integer, Step> choice, Map<String, Integer> done) {
        Real real = new Real();
        State state = start();
        List<String> way = new ArrayList<>();
        for (int i = 0; i < most && !model.steps(state).isEmpty(); i++) {
            Step step = choice.apply(state, i);
            way.add(step.toString());
            real.take(step, state);
            state = step.next();
            real.compare(state, model, way);
            String name = step.name()
                    + (step.sent() == null
                            ? ""
                            : " " + step.sent().write() + " " + step.sent().newest());
            done.merge(name, 1, Integer::sum);
        }
        assertThat(queue.findViolations()).as(way::toString).isEmpty();
    }

    /** Work comes first: time and faults can always come, and would leave nothing to do. */
    private static Step likely(List<Step> steps, Random dice) {
        List<Step> weighed = new ArrayList<>();
        for (Step step : steps) {
            int weight = WEIGHTS.getOrDefault(step.name(), 8);
            for (int i = 0; i < weight; i++) {
                weighed.add(step);
            }
        }
        return weighed.get(dice.nextInt(weighed.size()));
    }

    /** The same in the database. */
    private static final class Real {
        private final UUID generation = queue.submit();
        private final UUID[] identities = new UUID[PROCESSES];
        /** What each process was given, under whatever identity. */
        private final GenerationLease[] leases = new GenerationLease[PROCESSES];

        private final List<GenerationLease> claimed = new ArrayList<>();
        private final Map<Sent, GenerationLease> sent = new HashMap<>();

        void take(Step step, State before) {
            int p = step.proc();
            switch (step.name()) {
                case "joins" -> {
                    identities[p] = UUID.randomUUID();
                    sql("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + identities[p]
                            + "', 'test', 'test', now() + interval '" + LeaseStateModel.TTL + " hours')");
                }
                case "beats" -> assertThat(beat(p)).as("alive").isTrue();
                case "is told that it is dead" ->
                    assertThat(beat(p)).as("alive").isFalse();
                case "time passes" -> sql("UPDATE nodes SET expires_at = expires_at - interval '1 hour'");
                case "claims" -> {
                    List<GenerationLease> got = queue.claim(identities[p], 10);
                    assertThat(got).hasSize(1);
                    leases[p] = got.get(0);
                    claimed.add(got.get(0));
                    age();
                }
                case "gives back" ->
                    assertThat(await(queue.leaseStore.release(newest()))).isTrue();
                case "sends" -> sent.put(step.sent(), leases[p]);
                case "sweep finds" -> sent.put(step.sent(), abandoned().get(0).generationLease());
                case "is lost" -> sent.remove(step.sent());
                case "arrives" -> arrives(step.sent(), before.gens().get(0));
                default -> {
                    // Happens inside a process.
                }
            }
        }

        /** Over connections that are there already: there are many steps. */
        private static List<String> sql(String sql) {
            List<String> values = new ArrayList<>();
            await(queue.database.pool().query(sql).execute())
                    .forEach(row -> values.add(row.getValue(0).toString()));
            return values;
        }

        private boolean beat(int p) {
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

        /** What is on its way belongs to an older claim now, and joins what already did. */
        private void age() {
            Map<Sent, GenerationLease> older = new HashMap<>();
            sent.forEach((each, generationLease) -> older.put(new Sent(each.write(), false), generationLease));
            sent.clear();
            sent.putAll(older);
        }

        private void arrives(Sent what, Gen before) {
            GenerationLease generationLease = sent.remove(what);
            boolean expected = before.status() == Status.LEASED && what.newest();
            boolean taken = switch (what.write()) {
                case COMPLETE ->
                    await(queue.leaseStore.complete(generationLease, GenerationDatabaseFixture.storedImages(1)))
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
            assertThat(taken).as("taken").isEqualTo(expected);
        }

        private static boolean retry(GenerationLease generationLease, AttemptOutcome outcome, boolean counted) {
            return await(queue.leaseStore.retry(
                            generationLease, outcome, counted, TestFailures.SERVER_ERROR, Duration.ZERO))
                    .isPresent();
        }

        private static boolean fail(GenerationLease generationLease, AttemptOutcome outcome, boolean counted) {
            RetryDecision.FailureReason failureReason =
                    new RetryDecision.FailureReason("GIVEN_UP", FailureClass.SERVER_ERROR, "Given up.", false);
            return await(queue.leaseStore.fail(
                            generationLease, outcome, counted, TestFailures.SERVER_ERROR, failureReason))
                    .isPresent();
        }

        /** What can be seen of a state; and that what cannot be done there is not done. */
        void compare(State state, LeaseStateModel model, List<String> way) {
            Gen gen = state.gens().get(0);
            String row =
                    sql("SELECT g.status || ' ' || coalesce((SELECT (lease_owner IS NOT NULL) || ' ' || lost_attempts"
                                    + " || ' ' || counted_failures FROM generation_queue), '') FROM generations g")
                            .get(0);
            String status = gen.ended() ? gen.status().name() : "PENDING";
            String expected = gen.ended()
                    ? status + " "
                    : status + " " + (gen.status() == Status.LEASED) + " " + gen.lost() + " " + gen.counted();
            assertThat(row).as(way::toString).isEqualTo(expected);
            assertThat(abandoned().size())
                    .as(() -> "abandoned after " + way)
                    .isEqualTo(model.abandoned(state, gen) ? 1 : 0);
            for (int p = 0; p < PROCESSES; p++) {
                boolean claimable =
                        gen.status() == Status.WAITING && state.procs().get(p).row() > 0;
                if (identities[p] != null && !claimable) {
                    assertThat(queue.claim(identities[p], 10))
                            .as(() -> "claimed after " + way)
                            .isEmpty();
                }
            }
        }
    }
}

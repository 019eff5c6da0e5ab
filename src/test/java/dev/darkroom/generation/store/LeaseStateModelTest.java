package dev.darkroom.generation.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.store.LeaseStateModel.Gen;
import dev.darkroom.generation.store.LeaseStateModel.State;
import dev.darkroom.generation.store.LeaseStateModel.Step;
import dev.darkroom.generation.store.LeaseStateModel.Variant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Every state that claims, heartbeats, sweeps, completions, retries, crashes, pauses and lost answers can lead to, in every
 * order: never two outcomes, never two processes at work on one generation, never stuck. And for each part of the design
 * that could seem too much, what happens without it.
 */
class LeaseStateModelTest {

    /** All states that can be reached, each with its first way there. */
    private static final class Explored {
        private final Map<String, Integer> numbers = new HashMap<>();
        private final List<State> states = new ArrayList<>();
        private final List<Integer> cameFrom = new ArrayList<>();
        private final List<Step> cameBy = new ArrayList<>();
        private final List<List<Integer>> before = new ArrayList<>();

        private String violation;

        /**
         * Breadth first, so that the first violation has a shortest trace. Stops there.
         *
         * @param likeness gives states that differ in nothing of importance the same form; a trace is readable without
         */
        static Explored explore(LeaseStateModel model, State start, UnaryOperator<State> likeness) {
            Explored explored = new Explored();
            explored.add(start, -1, null);
            for (int at = 0; at < explored.states.size(); at++) {
                State state = explored.states.get(at);
                explored.violation = model.violation(state);
                if (explored.violation != null) {
                    explored.violation += explored.trace(at);
                    return explored;
                }
                for (Step step : model.steps(state)) {
                    explored.before
                            .get(explored.add(likeness.apply(step.next()), at, step))
                            .add(at);
                }
            }
            return explored;
        }

        private int add(State state, int from, Step by) {
            Integer known = numbers.putIfAbsent(LeaseStateModel.key(state), states.size());
            if (known != null) {
                return known;
            }
            states.add(state);
            before.add(new ArrayList<>(4));
            cameFrom.add(from);
            cameBy.add(by == null ? null : new Step(by.name(), by.proc(), by.gen(), by.sent(), null));
            return states.size() - 1;
        }

        String trace(int state) {
            Deque<String> steps = new ArrayDeque<>();
            for (int at = state; cameFrom.get(at) >= 0; at = cameFrom.get(at)) {
                steps.addFirst("\n    " + cameBy.get(at));
            }
            return String.join("", steps);
        }

        /** A state from which no way leads to where everything has ended; -1 when there is none. */
        int stuck() {
            BitSet ends = new BitSet();
            Deque<Integer> queue = new ArrayDeque<>();
            for (int i = 0; i < states.size(); i++) {
                if (states.get(i).gens().stream().allMatch(Gen::ended)) {
                    ends.set(i);
                    queue.add(i);
                }
            }
            while (!queue.isEmpty()) {
                for (int previous : before.get(queue.remove())) {
                    if (!ends.get(previous)) {
                        ends.set(previous);
                        queue.add(previous);
                    }
                }
            }
            int first = ends.nextClearBit(0);
            return first < states.size() ? first : -1;
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 2, 184678", "1, 3, 0, 64837", "2, 1, 0, 252705"})
    void whateverHappensInWhateverOrder(int gens, int procs, int faults, int states) {
        // given
        LeaseStateModel model = new LeaseStateModel(Variant.AS_BUILT);

        // when
        Explored all = Explored.explore(model, LeaseStateModel.start(gens, procs, faults), LeaseStateModel::canonical);

        // then
        System.out.printf(
                "model: %d generations, %d processes, %d faults: %,d states%n", gens, procs, faults, all.states.size());
        assertThat(all.violation).isNull();
        int stuck = all.stuck();
        assertThat(stuck).as(() -> "stuck after" + all.trace(stuck)).isNegative();
        assertThat(all.states)
                .as("a model that has changed has another number of states")
                .hasSize(states);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AS_BUILT")
    void eachPartOfTheDesignIsNeeded(Variant variant) {
        // when
        Explored some = Explored.explore(new LeaseStateModel(variant), LeaseStateModel.start(1, 2, 1), step -> step);

        // then
        System.out.printf("model: %s after %,d states: %s%n", variant, some.states.size(), some.violation);
        assertThat(some.violation).isNotNull();
    }
}

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
 * Explores every state that claims, heartbeats, reapers, completions, retries, crashes, pauses and lost responses can lead to, in every
 * order. No state has two outcomes, two processes that run an attempt of one generation, or no path to an end. Also checks that the
 * design fails without each of its parts.
 */
class LeaseStateModelTest {

    /** All reachable states, each with a shortest path. */
    private static final class Exploration {
        private final Map<String, Integer> numbers = new HashMap<>();
        private final List<State> states = new ArrayList<>();
        private final List<Integer> predecessors = new ArrayList<>();
        private final List<Step> incomingSteps = new ArrayList<>();
        private final List<List<Integer>> incoming = new ArrayList<>();

        private String violation;

        /**
         * Explores breadth first and stops at the first violation, which therefore has a shortest trace.
         *
         * @param canonical maps equivalent states to the same state; the identity keeps a trace readable
         */
        static Exploration explore(LeaseStateModel model, State start, UnaryOperator<State> canonical) {
            Exploration exploration = new Exploration();
            exploration.add(start, -1, null);
            for (int at = 0; at < exploration.states.size(); at++) {
                State state = exploration.states.get(at);
                exploration.violation = model.violation(state);
                if (exploration.violation != null) {
                    exploration.violation += exploration.trace(at);
                    return exploration;
                }
                for (Step step : model.steps(state)) {
                    exploration
                            .incoming
                            .get(exploration.add(canonical.apply(step.next()), at, step))
                            .add(at);
                }
            }
            return exploration;
        }

        private int add(State state, int from, Step by) {
            Integer known = numbers.putIfAbsent(LeaseStateModel.key(state), states.size());
            if (known != null) {
                return known;
            }
            states.add(state);
            incoming.add(new ArrayList<>(4));
            predecessors.add(from);
            incomingSteps.add(by == null ? null : new Step(by.name(), by.proc(), by.gen(), by.sent(), null));
            return states.size() - 1;
        }

        String trace(int state) {
            Deque<String> steps = new ArrayDeque<>();
            for (int at = state; predecessors.get(at) >= 0; at = predecessors.get(at)) {
                steps.addFirst("\n    " + incomingSteps.get(at));
            }
            return String.join("", steps);
        }

        /** Returns a state without a path to the end of all generations; -1 when there is none. */
        int findStuckState() {
            BitSet ends = new BitSet();
            Deque<Integer> queue = new ArrayDeque<>();
            for (int i = 0; i < states.size(); i++) {
                if (states.get(i).gens().stream().allMatch(Gen::ended)) {
                    ends.set(i);
                    queue.add(i);
                }
            }
            while (!queue.isEmpty()) {
                for (int previous : incoming.get(queue.remove())) {
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
    void everyReachableStateIsConsistent(int gens, int procs, int faults, int states) {
        // given
        LeaseStateModel model = new LeaseStateModel(Variant.AS_BUILT);

        // when
        Exploration exploration =
                Exploration.explore(model, LeaseStateModel.start(gens, procs, faults), LeaseStateModel::canonical);

        // then
        System.out.printf(
                "model: %d generations, %d processes, %d faults: %,d states%n",
                gens, procs, faults, exploration.states.size());
        assertThat(exploration.violation).isNull();
        int stuck = exploration.findStuckState();
        assertThat(stuck).as(() -> "stuck after" + exploration.trace(stuck)).isNegative();
        assertThat(exploration.states)
                .as("number of states, which changes with the model")
                .hasSize(states);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AS_BUILT")
    void violatesAnInvariantWithoutEachPartOfTheDesign(Variant variant) {
        // when
        Exploration exploration =
                Exploration.explore(new LeaseStateModel(variant), LeaseStateModel.start(1, 2, 1), step -> step);

        // then
        System.out.printf(
                "model: %s after %,d states: %s%n", variant, exploration.states.size(), exploration.violation);
        assertThat(exploration.violation).isNotNull();
    }
}

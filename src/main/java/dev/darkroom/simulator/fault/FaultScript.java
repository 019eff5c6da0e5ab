package dev.darkroom.simulator.fault;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The remaining steps of a script. Not thread-safe: used on one event loop, so that each step is applied to one submission. */
public final class FaultScript {
    private final Deque<ScriptStep> steps = new ArrayDeque<>();

    /** Replaces the remaining steps. */
    public void replace(List<ScriptStep> newSteps) {
        steps.clear();
        steps.addAll(newSteps);
    }

    void clear() {
        steps.clear();
    }

    /** Takes the next step; {@link ScriptStep#NO_FAULT} when none is left. Draws a step for a {@link RandomFault}. */
    public ScriptStep nextStep() {
        ScriptStep step = peek();
        if (step.times() != ScriptStep.UNLIMITED) {
            steps.removeFirst();
            if (step.times() > 1) {
                steps.addFirst(step.withTimes(step.times() - 1));
            }
        }
        return step.fault() instanceof RandomFault randomFault ? randomFault.drawStep() : step;
    }

    /** Returns the next step without taking it; {@link ScriptStep#NO_FAULT} when none is left. */
    public ScriptStep peek() {
        return steps.isEmpty() ? ScriptStep.NO_FAULT : steps.peekFirst();
    }

    /** Returns the remaining steps in the form of the script. */
    JsonObject toJson() {
        return new JsonObject()
                .put(
                        "steps",
                        new JsonArray(steps.stream().map(ScriptStep::toJson).toList()));
    }
}

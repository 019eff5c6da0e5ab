package dev.darkroom.simulator.fault;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.LinkedList;
import java.util.List;

/** The remaining steps of a script. Not thread-safe: used on one event loop, so that each step is applied to one submission. */
public final class FaultScript {
    private final List<ScriptStep> steps = new LinkedList<>();

    /** Replaces the remaining steps. */
    public void replace(List<ScriptStep> newSteps) {
        steps.clear();
        steps.addAll(newSteps);
    }

    void clear() {
        steps.clear();
    }

    /** As {@link #nextStep(MultiMap)}, for a request without an API key. */
    public ScriptStep nextStep() {
        return nextStep(MultiMap.caseInsensitiveMultiMap());
    }

    /**
     * Takes the next step that applies to a request; {@link ScriptStep#NO_FAULT} when none is left. Draws a step for a {@link RandomFault}.
     *
     * @param headers of the request
     */
    public ScriptStep nextStep(MultiMap headers) {
        ScriptStep step = peek(headers);
        if (step.times() > 1) {
            steps.set(steps.indexOf(step), step.withTimes(step.times() - 1));
        } else if (step.times() == 1) {
            steps.remove(step);
        }
        return step.fault() instanceof RandomFault randomFault ? randomFault.drawStep() : step;
    }

    /** Returns the next step that applies to a request, without taking it; {@link ScriptStep#NO_FAULT} when none is left. */
    ScriptStep peek(MultiMap headers) {
        for (ScriptStep step : steps) {
            if (step.appliesTo(headers)) {
                return step;
            }
        }
        return ScriptStep.NO_FAULT;
    }

    /** Returns the remaining steps in the form of the script. */
    JsonObject toJson() {
        return new JsonObject()
                .put(
                        "steps",
                        new JsonArray(steps.stream().map(ScriptStep::toJson).toList()));
    }
}

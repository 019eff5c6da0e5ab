package dev.darkroom.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The steps to come. Not thread-safe: one event loop owns it, which is what gives each step to one submission. */
final class FaultScript {
    private final Deque<ScriptStep> steps = new ArrayDeque<>();

    void replace(List<ScriptStep> wanted) {
        steps.clear();
        steps.addAll(wanted);
    }

    void clear() {
        steps.clear();
    }

    /** The next step, used up once; {@link ScriptStep#NO_FAULT} when none is left. Where it is left to chance, what was drawn. */
    ScriptStep nextStep() {
        ScriptStep scriptStep = takeStep();
        return scriptStep.fault() instanceof RandomFault randomFault ? randomFault.drawStep() : scriptStep;
    }

    /** The next step, not used up; {@link ScriptStep#NO_FAULT} when none is left. */
    ScriptStep peek() {
        return steps.isEmpty() ? ScriptStep.NO_FAULT : steps.peekFirst();
    }

    private ScriptStep takeStep() {
        ScriptStep scriptStep = steps.peekFirst();
        if (scriptStep == null) {
            return ScriptStep.NO_FAULT;
        }
        if (scriptStep.times() != ScriptStep.UNLIMITED) {
            steps.removeFirst();
            if (scriptStep.times() > 1) {
                steps.addFirst(scriptStep.withTimes(scriptStep.times() - 1));
            }
        }
        return scriptStep;
    }

    /** What is left, in the form in which it was written. */
    JsonObject toJson() {
        JsonArray left = new JsonArray();
        steps.forEach(scriptStep -> left.add(scriptStep.toJson()));
        return new JsonObject().put("steps", left);
    }
}

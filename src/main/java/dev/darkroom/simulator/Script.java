package dev.darkroom.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The steps to come. Not thread-safe: one event loop owns it, which is what gives each step to one submission. */
final class Script {
    private final Deque<Step> steps = new ArrayDeque<>();

    void replace(List<Step> wanted) {
        steps.clear();
        steps.addAll(wanted);
    }

    void clear() {
        steps.clear();
    }

    /** The next step, used up once; {@link Step#WELL} when none is left. Where it is left to chance, what was drawn. */
    Step next() {
        Step step = written();
        return step.fault() instanceof Chance chance ? chance.draw() : step;
    }

    /** The next step, not used up; {@link Step#WELL} when none is left. */
    Step first() {
        return steps.isEmpty() ? Step.WELL : steps.peekFirst();
    }

    private Step written() {
        Step step = steps.peekFirst();
        if (step == null) {
            return Step.WELL;
        }
        if (step.times() != Step.FOR_EVER) {
            steps.removeFirst();
            if (step.times() > 1) {
                steps.addFirst(step.withTimes(step.times() - 1));
            }
        }
        return step;
    }

    /** What is left, in the form in which it was written. */
    JsonObject toJson() {
        JsonArray left = new JsonArray();
        steps.forEach(step -> left.add(step.toJson()));
        return new JsonObject().put("steps", left);
    }
}

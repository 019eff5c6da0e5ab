package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * One step of a script. Immutable.
 *
 * @param delay how long the answer takes; null for the usual time
 * @param times how many submissions meet it, {@link #FOR_EVER} for all from now on
 * @param models whether the list of models meets it too, without using it up
 * @param source as it was written
 */
record Step(Fault fault, Duration delay, int times, boolean models, JsonObject source) {
    static final int FOR_EVER = -1;

    /** What a submission meets when there is no script. */
    static final Step WELL = new Step(new Fault.None(), null, FOR_EVER, false, new JsonObject());

    Step withTimes(int left) {
        return new Step(fault, delay, left, models, source);
    }

    /** As it was written, with the times that are left. */
    JsonObject toJson() {
        JsonObject json = source.copy();
        json.remove("times");
        return times == 1 ? json : json.put("times", times);
    }
}

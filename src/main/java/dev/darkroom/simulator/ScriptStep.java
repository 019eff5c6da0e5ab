package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * One step of a script. Immutable.
 *
 * @param delay how long the answer takes; null for the usual time
 * @param times how many submissions meet it, {@link #UNLIMITED} for all from now on
 * @param appliesToModels whether the list of models meets it too, without using it up
 * @param source as it was written
 */
record ScriptStep(Fault fault, Duration delay, int times, boolean appliesToModels, JsonObject source) {
    static final int UNLIMITED = -1;

    /** What a submission meets when there is no script. */
    static final ScriptStep NO_FAULT = new ScriptStep(new Fault.NoFault(), null, UNLIMITED, false, new JsonObject());

    ScriptStep withTimes(int left) {
        return new ScriptStep(fault, delay, left, appliesToModels, source);
    }

    /** As it was written, with the times that are left. */
    JsonObject toJson() {
        JsonObject json = source.copy();
        json.remove("times");
        return times == 1 ? json : json.put("times", times);
    }
}

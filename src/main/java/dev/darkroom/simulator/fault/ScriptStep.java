package dev.darkroom.simulator.fault;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;

/**
 * One step of a script. Immutable.
 *
 * @param delay time until the response; null for the default latency
 * @param times number of submissions that the step applies to, {@link #UNLIMITED} for all
 * @param appliesToModels whether the step also applies to health checks ({@link HealthCheckHandler}), which do not take it
 * @param apiKey API key of the requests to which the step applies; null for all
 * @param source the JSON of the step
 */
public record ScriptStep(
        Fault fault, Duration delay, int times, boolean appliesToModels, String apiKey, JsonObject source) {
    static final int UNLIMITED = -1;
    private static final List<String> CREDENTIALS = List.of("Authorization", "x-key");

    /** The step without a script. */
    public static final ScriptStep NO_FAULT =
            new ScriptStep(ImageFault.NONE, null, UNLIMITED, false, null, new JsonObject());

    /** The step of each download of an image that is none. */
    public static final ScriptStep MALFORMED_BODY =
            new ScriptStep(FixedResponse.MALFORMED_BODY, null, UNLIMITED, false, null, new JsonObject());

    /** Returns the delay of the step, or {@code defaultLatency} without one. */
    public Duration delayOr(Duration defaultLatency) {
        return delay == null ? defaultLatency : delay;
    }

    /** Returns whether the step applies to a request: without an API key to all, otherwise to those with a header that ends in it. */
    boolean appliesTo(MultiMap headers) {
        return apiKey == null
                || CREDENTIALS.stream()
                        .anyMatch(name ->
                                headers.contains(name) && headers.get(name).endsWith(apiKey));
    }

    /** Returns whether the step takes every request that {@code later} applies to, so that {@code later} is never used. */
    boolean hides(ScriptStep later) {
        return times == UNLIMITED && (apiKey == null || later.apiKey != null && later.apiKey.endsWith(apiKey));
    }

    ScriptStep withTimes(int remaining) {
        return new ScriptStep(fault, delay, remaining, appliesToModels, apiKey, source);
    }

    /** Returns the JSON of the step with the remaining {@code times}. */
    JsonObject toJson() {
        JsonObject json = source.copy();
        json.remove("times");
        return times == 1 ? json : json.put("times", times);
    }
}

package dev.darkroom.e2e;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/** Accessors for the attempts in the JSON of a generation. */
public final class AttemptJson {
    private AttemptJson() {}

    public static List<JsonObject> attemptsOf(JsonObject generation) {
        return IntStream.range(0, generation.getJsonArray("attempts").size())
                .mapToObj(generation.getJsonArray("attempts")::getJsonObject)
                .toList();
    }

    /** Returns outcome, failure class, code, and whether the attempt was counted, separated by spaces. */
    public static String summary(JsonObject attempt) {
        JsonObject error = attempt.getJsonObject("error");
        String outcome = attempt.getString("outcome");
        return error == null
                ? outcome
                : String.join(
                        " ",
                        outcome,
                        error.getString("errorClass"),
                        error.getString("code"),
                        attempt.getBoolean("counted") ? "counted" : "uncounted");
    }

    /** Returns the time from the end of an attempt to the start time of the next one. */
    public static Duration retryDelay(JsonObject attempt) {
        return Duration.between(parseTime(attempt, "finishedAt"), parseTime(attempt, "retryAt"));
    }

    public static Instant parseTime(JsonObject json, String field) {
        return Instant.parse(json.getString(field));
    }
}

package dev.darkroom.e2e;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/** A generation's attempts, as the API tells them. */
public final class AttemptJson {
    private AttemptJson() {}

    public static List<JsonObject> attemptsOf(JsonObject generation) {
        return IntStream.range(0, generation.getJsonArray("attempts").size())
                .mapToObj(generation.getJsonArray("attempts")::getJsonObject)
                .toList();
    }

    /** Outcome, failure class, code, and whether it was counted, in one line. */
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

    /** From the end of an attempt to when the next one is due. */
    public static Duration retryDelay(JsonObject attempt) {
        return Duration.between(parseTime(attempt, "finishedAt"), parseTime(attempt, "retryAt"));
    }

    public static Instant parseTime(JsonObject json, String field) {
        return Instant.parse(json.getString(field));
    }
}

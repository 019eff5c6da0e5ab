package dev.darkroom.generation;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * Derives the events of a generation from its current state. No event is stored; every process derives the same events from the same
 * state. Pure functions. {@code n} is the number of an attempt, {@code a} the number of ended attempts:
 *
 * <ul>
 *   <li>version 1: the generation was accepted
 *   <li>version 2n: the attempt started
 *   <li>version 2n + 1: the attempt failed; a successful attempt ends the generation and has no event of its own
 *   <li>version 2a + 3: the generation ended, by its last attempt or while it waited
 * </ul>
 *
 * Versions increase and have gaps. A lease that is released without an attempt decreases the version by one; no event reports that.
 */
public final class GenerationEventHistory {
    /** Fields of a snapshot event beside the status. Prompt and images are left out: a client reads them once, not from a stream. */
    private static final List<String> SNAPSHOT_FIELDS = List.of(
            "queuePosition",
            "estimatedStart",
            "failedAttempts",
            "attempts",
            "error",
            "createdAt",
            "updatedAt",
            "completedAt");

    private GenerationEventHistory() {}

    /**
     * Returns the version of a generation.
     *
     * @param generation in the form of the event bus
     */
    public static long version(JsonObject generation) {
        long failed = generation.getLong("failedAttempts");
        return switch (statusOf(generation)) {
            case PENDING -> 2 * failed + (hasRunningAttempt(generation) ? 2 : 1);
            case FAILED -> 2 * failed + 3;
            case COMPLETE -> 2 * (failed + 1) + 3;
        };
    }

    /** Returns whether the generation has ended and has no further events. */
    public static boolean isFinished(JsonObject generation) {
        return statusOf(generation) != GenerationStatus.PENDING;
    }

    /** Returns the current state as one event. */
    public static JsonObject snapshotEvent(JsonObject generation) {
        JsonObject state = new JsonObject();
        for (String name : SNAPSHOT_FIELDS) {
            if (generation.containsKey(name)) {
                state.put(name, generation.getValue(name));
            }
        }
        JsonObject event = newEvent(generation, version(generation), "generation.state", statusOf(generation))
                .put("generation", state);
        return statusOf(generation) == GenerationStatus.COMPLETE
                ? event.put("imageCount", imageCount(generation))
                : event;
    }

    /** Returns the events after a version, oldest first. Attempts that the retention cleanup has deleted are left out. */
    public static List<JsonObject> eventsAfter(JsonObject generation, long version) {
        List<JsonObject> events = new ArrayList<>();
        events.add(newEvent(generation, 1, "generation.accepted", GenerationStatus.PENDING));
        JsonArray attempts = generation.getJsonArray("attempts");
        for (int i = 0; i < attempts.size(); i++) {
            JsonObject attempt = attempts.getJsonObject(i);
            long number = attempt.getLong("number");
            events.add(newEvent(generation, 2 * number, "attempt.started", GenerationStatus.PENDING)
                    .put("attempt", new JsonObject().put("number", number)));
            if (attempt.containsKey("error")) {
                events.add(newEvent(generation, 2 * number + 1, "attempt.failed", GenerationStatus.PENDING)
                        .put("attempt", failedAttempt(attempt)));
            }
        }
        if (isFinished(generation)) {
            events.add(finishedEvent(generation));
        }
        events.removeIf(event -> event.getLong("version") <= version);
        return events;
    }

    private static JsonObject finishedEvent(JsonObject generation) {
        JsonObject event = newEvent(generation, version(generation), "generation.ended", statusOf(generation))
                .put("imageCount", imageCount(generation))
                .put("failedAttempts", generation.getLong("failedAttempts"));
        JsonObject error = generation.getJsonObject("error");
        return error == null
                ? event
                : event.put(
                        "error",
                        new JsonObject()
                                .put("code", error.getString("code"))
                                .put("message", error.getString("message")));
    }

    private static JsonObject failedAttempt(JsonObject attempt) {
        JsonObject error = attempt.getJsonObject("error");
        JsonObject failed = new JsonObject()
                .put("number", attempt.getLong("number"))
                .put("errorClass", error.getString("errorClass"))
                .put("code", error.getString("code"));
        return attempt.containsKey("retryAt") ? failed.put("retryAt", attempt.getString("retryAt")) : failed;
    }

    private static JsonObject newEvent(JsonObject generation, long version, String type, GenerationStatus status) {
        return new JsonObject()
                .put("version", version)
                .put("type", type)
                .put("generationId", generation.getString("id"))
                .put("status", status.name());
    }

    private static int imageCount(JsonObject generation) {
        return generation.containsKey("images")
                ? generation.getJsonArray("images").size()
                : 0;
    }

    private static boolean hasRunningAttempt(JsonObject generation) {
        JsonArray attempts = generation.getJsonArray("attempts");
        return !attempts.isEmpty()
                && attempts.getJsonObject(attempts.size() - 1)
                        .getString("outcome")
                        .equals("RUNNING");
    }

    private static GenerationStatus statusOf(JsonObject generation) {
        return GenerationStatus.valueOf(generation.getString("status"));
    }
}

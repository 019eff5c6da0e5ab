package dev.darkroom.generation.json;

import dev.darkroom.backend.JobProgress;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * Derives the events of a generation from its current state. No event is stored; every process derives the same events from the same
 * state. {@link Generation#version} defines the versions of the events; they increase and have gaps. A released lease decreases the
 * version; no event reports that. Pure functions.
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

    /** Returns the current state as one event. */
    public static JsonObject snapshotEvent(Generation generation) {
        JsonObject all = GenerationJson.toJson(generation);
        JsonObject state = new JsonObject();
        for (String name : SNAPSHOT_FIELDS) {
            if (all.containsKey(name)) {
                state.put(name, all.getValue(name));
            }
        }
        JsonObject event = newEvent(generation, generation.version(), "generation.state", generation.status())
                .put("generation", state);
        return generation.status() == GenerationStatus.COMPLETE
                ? event.put("imageCount", generation.images().size())
                : event;
    }

    /** Returns the progress of a running attempt as an event. It has the version of the current state, because progress is not stored. */
    public static JsonObject progressEvent(Generation generation, int number, JobProgress progress) {
        JsonObject attempt = new JsonObject().put("number", number);
        if (progress.percent() != null) {
            attempt.put("percent", progress.percent());
        }
        if (progress.queuePosition() != null) {
            attempt.put("queuePosition", progress.queuePosition());
        }
        return newEvent(generation, generation.version(), "attempt.progress", GenerationStatus.PENDING)
                .put("attempt", attempt);
    }

    /** Returns the events after a version, oldest first. Attempts that the retention cleanup has deleted are left out. */
    public static List<JsonObject> eventsAfter(Generation generation, long version) {
        List<JsonObject> events = new ArrayList<>();
        events.add(newEvent(generation, 1, "generation.accepted", GenerationStatus.PENDING));
        for (Attempt attempt : generation.attempts()) {
            long number = attempt.number();
            events.add(newEvent(generation, 2 * number, "attempt.started", GenerationStatus.PENDING)
                    .put("attempt", new JsonObject().put("number", number)));
            if (attempt.error() != null) {
                events.add(newEvent(generation, 2 * number + 1, "attempt.failed", GenerationStatus.PENDING)
                        .put("attempt", failedAttempt(attempt)));
            }
        }
        if (!generation.isPending()) {
            events.add(finishedEvent(generation));
        }
        events.removeIf(event -> event.getLong("version") <= version);
        return events;
    }

    private static JsonObject finishedEvent(Generation generation) {
        JsonObject event = newEvent(generation, generation.version(), "generation.ended", generation.status())
                .put("imageCount", generation.images().size())
                .put("failedAttempts", generation.failedAttempts());
        return generation.error() == null
                ? event
                : event.put(
                        "error",
                        new JsonObject()
                                .put("code", generation.error().code())
                                .put("message", generation.error().message()));
    }

    private static JsonObject failedAttempt(Attempt attempt) {
        JsonObject failed = new JsonObject()
                .put("number", attempt.number())
                .put("errorClass", attempt.error().failureClass().name())
                .put("code", attempt.error().code());
        return attempt.retryAt() == null ? failed : failed.put("retryAt", Rfc3339Timestamp.format(attempt.retryAt()));
    }

    private static JsonObject newEvent(Generation generation, long version, String type, GenerationStatus status) {
        return new JsonObject()
                .put("version", version)
                .put("type", type)
                .put("generationId", generation.id().toString())
                .put("status", status.name());
    }
}

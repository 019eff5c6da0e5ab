package dev.darkroom.generation.json;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Attempt.AttemptError;
import dev.darkroom.generation.AttemptBilling;
import java.io.IOException;

/** Writes the attempts of generations as JSON, in the form of HTTP and the event bus. */
final class AttemptJson {
    private AttemptJson() {}

    private static void write(JsonGenerator json, JobProgress progress) throws IOException {
        json.writeStartObject();
        if (progress.percent() != null) {
            json.writeNumberField("percent", progress.percent());
        }
        if (progress.queuePosition() != null) {
            json.writeNumberField("queuePosition", progress.queuePosition());
        }
        json.writeEndObject();
    }

    static void write(JsonGenerator json, Attempt attempt) throws IOException {
        json.writeStartObject();
        json.writeNumberField("number", attempt.number());
        json.writeStringField("backend", attempt.backend());
        json.writeStringField("selection", attempt.selection().name());
        if (attempt.apiKey() != null) {
            json.writeStringField("apiKey", attempt.apiKey());
        }
        GenerationJson.writeTime(json, "startedAt", attempt.startedAt());
        if (attempt.progress() != null) {
            json.writeFieldName("progress");
            write(json, attempt.progress());
        }
        GenerationJson.writeTime(json, "finishedAt", attempt.finishedAt());
        json.writeStringField(
                "outcome", attempt.isRunning() ? "RUNNING" : attempt.outcome().name());
        if (!attempt.isRunning()) {
            json.writeBooleanField("counted", attempt.counted());
            write(json, attempt.billing());
        }
        if (attempt.error() != null) {
            write(json, attempt.error());
        }
        GenerationJson.writeTime(json, "retryAt", attempt.retryAt());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, AttemptBilling billing) throws IOException {
        json.writeBooleanField("submitted", billing.submitted());
        if (billing.cost() != null) {
            json.writeNumberField("costMicros", billing.cost().micros());
            json.writeStringField("costSource", billing.cost().source().name());
        }
    }

    private static void write(JsonGenerator json, AttemptError error) throws IOException {
        json.writeObjectFieldStart("error");
        json.writeStringField("errorClass", error.failureClass().name());
        json.writeStringField("code", error.code());
        json.writeStringField("message", error.message());
        if (error.httpStatus() != null) {
            json.writeNumberField("httpStatus", error.httpStatus());
        }
        json.writeEndObject();
    }
}

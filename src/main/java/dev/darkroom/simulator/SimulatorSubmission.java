package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.function.IntFunction;

/** A valid request for pictures and the ways to answer it. Event loop only. */
record SimulatorSubmission(
        SimulatorImageRequest request,
        SimulatorResponseWriter responseWriter,
        SimulatorImageRenderer imageRenderer,
        SimulatorRequestLog.LoggedSubmission logEntry) {

    /** Answers with the first {@code count} pictures, in the form that was asked for. */
    void sendImages(int count) {
        createResponse(count).send(responseWriter);
    }

    /** The good answer with the first {@code count} pictures, in the form that was asked for. */
    SimulatorResponse createResponse(int count) {
        return new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON,
                () -> request.asUrl()
                        ? Future.succeededFuture(createBody(count, position -> createUrlResult(position, List.of()))
                                .toBuffer())
                        : imageRenderer.renderBase64Response(request, count));
    }

    /** Answers with URLs of pictures of our own; each download meets {@code faults} first. */
    void sendUrls(int count, List<ScriptStep> faults) {
        sendResults(count, position -> createUrlResult(position, faults));
    }

    private JsonObject createUrlResult(int position, List<ScriptStep> faults) {
        return new JsonObject().put("url", imageRenderer.createUrl(request, position, faults, logEntry));
    }

    /** Answers with {@code count} results, whatever they are. */
    void sendResults(int count, IntFunction<JsonObject> result) {
        responseWriter.sendJson(200, createBody(count, result));
    }

    private static JsonObject createBody(int count, IntFunction<JsonObject> result) {
        JsonArray data = new JsonArray();
        for (int position = 0; position < count; position++) {
            data.add(result.apply(position));
        }
        return new JsonObject().put("created", Instant.now().getEpochSecond()).put("data", data);
    }
}

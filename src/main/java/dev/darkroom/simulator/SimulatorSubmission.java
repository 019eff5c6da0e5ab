package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.function.IntFunction;

/** A valid request for images, with methods to respond to it. Used on one event loop. */
record SimulatorSubmission(
        SimulatorImageRequest request,
        SimulatorResponseWriter responseWriter,
        SimulatorImageRenderer imageRenderer,
        SimulatorRequestLog.LoggedSubmission logEntry) {

    /** Responds with the first {@code count} images in the requested format. */
    void sendImages(int count) {
        createResponse(count).send(responseWriter);
    }

    /** Creates the response with the first {@code count} images in the requested format. */
    SimulatorResponse createResponse(int count) {
        return new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON,
                () -> request.asUrl()
                        ? Future.succeededFuture(createBody(count, position -> createUrlResult(position, List.of()))
                                .toBuffer())
                        : imageRenderer.renderBase64Response(request, count));
    }

    /** Responds with URLs of simulator images. {@code faults} are applied to the downloads of each image first. */
    void sendUrls(int count, List<ScriptStep> faults) {
        sendResults(count, position -> createUrlResult(position, faults));
    }

    private JsonObject createUrlResult(int position, List<ScriptStep> faults) {
        return new JsonObject().put("url", imageRenderer.createUrl(request, position, faults, logEntry));
    }

    /** Responds with {@code count} results. */
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

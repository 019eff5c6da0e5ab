package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A valid request for images, with its possible responses. Used on one event loop. */
record SimulatorSubmission(
        SimulatorImageRequest request,
        SimulatorResponseWriter writer,
        SimulatorImageRenderer imageRenderer,
        SimulatorRequestLog.LoggedSubmission logEntry)
        implements ImageResponses {

    @Override
    public int requestedCount() {
        return request.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return request.asUrl()
                ? createUrls(count, List.of())
                : new SimulatorResponse(
                        SimulatorResponse.APPLICATION_JSON, () -> imageRenderer.renderBase64Response(request, count));
    }

    @Override
    public SimulatorResponse invalidImages() {
        JsonObject result = new JsonObject().put("b64_json", PlaceholderImageRenderer.invalidImageBase64());
        return createResponse(request.count(), position -> result);
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return createResponse(request.count(), position -> new JsonObject().put("url", url));
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return createUrls(request.count(), downloadFaults);
    }

    private SimulatorResponse createUrls(int count, List<ScriptStep> downloadFaults) {
        return createResponse(
                count,
                position -> new JsonObject()
                        .put("url", imageRenderer.createUrl(request, position, downloadFaults, logEntry)));
    }

    private static SimulatorResponse createResponse(int count, IntFunction<JsonObject> result) {
        return new SimulatorResponse(SimulatorResponse.APPLICATION_JSON, () -> {
            JsonArray data =
                    new JsonArray(IntStream.range(0, count).mapToObj(result).toList());
            JsonObject body = new JsonObject()
                    .put("created", Instant.now().getEpochSecond())
                    .put("data", data);
            return Future.succeededFuture(body.toBuffer());
        });
    }
}

package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Base64;
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
                        SimulatorResponse.APPLICATION_JSON,
                        () -> imageRenderer.renderBody(request.image(), render -> createBase64Body(count, render)));
    }

    private static Buffer createBase64Body(int count, IntFunction<byte[]> render) {
        Buffer body = Buffer.buffer("{\"created\":" + Instant.now().getEpochSecond() + ",\"data\":[");
        for (int position = 0; position < count; position++) {
            body.appendString(position == 0 ? "{\"b64_json\":\"" : ",{\"b64_json\":\"")
                    .appendBytes(Base64.getEncoder().encode(render.apply(position)))
                    .appendString("\"}");
        }
        return body.appendString("]}");
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
                        .put("url", imageRenderer.createUrl(request.image(), position, downloadFaults, logEntry)));
    }

    private static SimulatorResponse createResponse(int count, IntFunction<JsonObject> result) {
        return SimulatorResponse.json(200, () -> {
            JsonArray data =
                    new JsonArray(IntStream.range(0, count).mapToObj(result).toList());
            return Future.succeededFuture(new JsonObject()
                    .put("created", Instant.now().getEpochSecond())
                    .put("data", data));
        });
    }
}

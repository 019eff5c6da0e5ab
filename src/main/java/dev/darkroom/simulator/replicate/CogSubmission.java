package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A synchronous prediction of a cog container, with its possible responses. Used on one event loop. */
record CogSubmission(
        PredictionInput input,
        CogContainer.Running prediction,
        SimulatorImageRenderer imageRenderer,
        SimulatorRequestLog.LoggedSubmission logEntry)
        implements ImageResponses {
    private static final String DATA_URL = "data:image/png;base64,";

    @Override
    public SimulatorResponseWriter writer() {
        return prediction.writer();
    }

    @Override
    public int requestedCount() {
        return input.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return new SimulatorResponse(
                200,
                SimulatorResponse.APPLICATION_JSON,
                () -> imageRenderer.renderBody(input.image(), render -> createBody(count, render)));
    }

    /** Writes the fields in the order of cog, and the images without a copy as a text. */
    private Buffer createBody(int count, IntFunction<byte[]> render) {
        Buffer body = Buffer.buffer("{\"id\":" + Json.encode(prediction.id()) + ",\"logs\":" + Json.encode(logs())
                + ",\"metrics\":" + CogContainer.metrics(prediction).encode() + ",\"output\":[");
        for (int position = 0; position < count; position++) {
            body.appendString(position == 0 ? "\"" : ",\"")
                    .appendString(DATA_URL)
                    .appendBytes(Base64.getEncoder().encode(render.apply(position)))
                    .appendString("\"");
        }
        return body.appendString("],\"status\":\"succeeded\"}");
    }

    private String logs() {
        return "painting '" + input.image().prompt() + "'\n";
    }

    @Override
    public SimulatorResponse invalidImages() {
        return fixedUrl(DATA_URL + PlaceholderImageRenderer.invalidImageBase64());
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return succeed(Collections.nCopies(input.count(), url));
    }

    /** Responds as a container with an upload URL. */
    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return succeed(IntStream.range(0, input.count())
                .mapToObj(position -> imageRenderer.createUrl(input.image(), position, downloadFaults, logEntry))
                .toList());
    }

    private SimulatorResponse succeed(List<String> output) {
        return SimulatorResponse.json(
                200,
                () -> Future.succeededFuture(new JsonObject()
                        .put("id", prediction.id())
                        .put("logs", logs())
                        .put("metrics", CogContainer.metrics(prediction))
                        .put("output", new JsonArray(output))
                        .put("status", "succeeded")));
    }

    @Override
    public SimulatorResponse moderation() {
        return failedJob("Exception: NSFW content detected. Try running it again, or try a different prompt.");
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        return SimulatorResponse.json(
                200,
                () -> Future.succeededFuture(new JsonObject()
                        .put("error", "Prediction failed: Prediction failed: " + error)
                        .put("id", prediction.id())
                        .put("logs", "")
                        .put("metrics", CogContainer.metrics(prediction))
                        .put("status", "failed")));
    }

    /** Responds as a proxy with accounts, since a container has none. */
    @Override
    public SimulatorResponse quota() {
        return SimulatorResponse.json(
                402, () -> Future.succeededFuture(new JsonObject().put("detail", "The account has no credit left.")));
    }

    /** Responds to the request that started a prediction, which is canceled. */
    static void sendCanceled(CogContainer.Running prediction) {
        prediction
                .writer()
                .sendJson(
                        200,
                        new JsonObject()
                                .put("id", prediction.id())
                                .put("logs", "")
                                .put("metrics", CogContainer.metrics(prediction))
                                .put("status", "canceled"));
    }
}

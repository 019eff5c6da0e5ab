package dev.darkroom.simulator.automatic1111;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Handler;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Handles {@code POST /sdapi/v1/txt2img} and {@code img2img}. Logs every request with a complete body. A valid request takes one step of the script and
 * waits until the earlier ones have ended. An invalid one gets 422 immediately and takes none.
 */
record TxtToImageHandler(
        FaultScript faultScript,
        SimulatorRequestLog requestLog,
        Duration latency,
        WorkerExecutor workers,
        TaskQueue tasks,
        boolean imageRequired)
        implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .onComplete(body -> handleSubmission(context, writer, body), writer::sendRequestError);
    }

    private void handleSubmission(RoutingContext context, SimulatorResponseWriter writer, Buffer body) {
        SimulatorRequestLog.LoggedSubmission entry =
                requestLog.add(null, context.request().headers().contains("Authorization"), body);
        TxtToImageRequest request;
        try {
            JsonObject fields = SimulatorBodyReader.parseObject(body);
            List<SimulatorInputImage> images = decodeImages(fields);
            entry.setInputImages(images);
            request = TxtToImageRequest.parse(fields, images);
        } catch (SimulatorRequestException e) {
            entry.setResponse("status 422");
            writer.sendJson(422, createValidationError(e));
            return;
        }
        ScriptStep step = faultScript.nextStep(context.request().headers());
        entry.setResponse(step.fault().description());
        TxtToImageSubmission submission = new TxtToImageSubmission(request, writer, workers);
        writer.respondAfter(Duration.ZERO, entry::recordClientClose, () -> {
            Runnable disposed = tasks.add(
                    request.taskId(), step.delayOr(latency), () -> step.fault().apply(submission));
            context.response().endHandler(ended -> disposed.run());
        });
    }

    /** Removes the images from the fields, so that the response does not repeat them. */
    private List<SimulatorInputImage> decodeImages(JsonObject fields) {
        List<SimulatorInputImage> images = new ArrayList<>();
        if (imageRequired) {
            images.addAll(SimulatorInputImage.decode("init_images", fields.remove("init_images")));
            if (images.isEmpty()) {
                throw new SimulatorRequestException("Init image not found", "init_images");
            }
            images.addAll(SimulatorInputImage.decode("mask", fields.remove("mask")));
        }
        return images;
    }

    /** Returns an error in the form of FastAPI. */
    private static JsonObject createValidationError(SimulatorRequestException e) {
        JsonArray location = new JsonArray().add("body");
        if (e.param() != null) {
            location.add(e.param());
        }
        return new JsonObject()
                .put(
                        "detail",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("loc", location)
                                        .put("msg", e.getMessage())
                                        .put("type", "value_error")));
    }
}

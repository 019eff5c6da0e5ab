package dev.darkroom.simulator.callback;

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
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A valid submission. The body of a successful response accepts the job, which schedules the result. Used on one event loop, except for
 * the rendering.
 *
 * @param delay time from the acceptance to the result
 */
record CallbackJob(
        CallbackJobRequest request,
        SimulatorResponseWriter writer,
        SimulatorImageRenderer imageRenderer,
        CallbackSender sender,
        Duration delay,
        SimulatorRequestLog.LoggedSubmission logEntry)
        implements ImageResponses {
    private static final String DATA_URL = "data:image/png;base64,";

    @Override
    public int requestedCount() {
        return request.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return accept(() -> imageRenderer.renderBody(
                request.image(),
                render -> createReport(
                        count, position -> DATA_URL + Base64.getEncoder().encodeToString(render.apply(position)))));
    }

    @Override
    public SimulatorResponse invalidImages() {
        return fixedUrl(DATA_URL + PlaceholderImageRenderer.invalidImageBase64());
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return accept(() -> Future.succeededFuture(createReport(request.count(), position -> url)));
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return accept(() -> Future.succeededFuture(createReport(
                request.count(),
                position -> imageRenderer.createUrl(request.image(), position, downloadFaults, logEntry))));
    }

    /** Reports a failure with the text before the colon as its code. */
    @Override
    public SimulatorResponse failedJob(String error) {
        String[] parts = error.split(": ", 2);
        JsonObject report = new JsonObject()
                .put("status", "failed")
                .put("error", new JsonObject().put("code", parts[0]).put("message", parts[parts.length - 1]));
        return accept(() -> Future.succeededFuture(report.toBuffer()));
    }

    private SimulatorResponse accept(Supplier<Future<Buffer>> report) {
        return SimulatorResponse.json(202, () -> {
            sender.sendAfter(delay, request.callbackUrl(), report, logEntry);
            return Future.succeededFuture(new JsonObject().put("id", "sim-" + request.id()));
        });
    }

    private static Buffer createReport(int count, IntFunction<String> image) {
        return new JsonObject()
                .put("status", "succeeded")
                .put(
                        "images",
                        new JsonArray(IntStream.range(0, count).mapToObj(image).toList()))
                .toBuffer();
    }
}

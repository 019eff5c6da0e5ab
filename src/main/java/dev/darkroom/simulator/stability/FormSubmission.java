package dev.darkroom.simulator.stability;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.UUID;

/** A valid submission with its possible responses. Results have no URLs. Used on one event loop. */
record FormSubmission(FormRequest request, SimulatorResponseWriter writer, SimulatorImageRenderer imageRenderer)
        implements ImageResponses {

    /** A request makes one image. */
    @Override
    public int requestedCount() {
        return 1;
    }

    @Override
    public SimulatorResponse images(int count) {
        return count == 0 ? result("", "SUCCESS") : renderedImage("SUCCESS");
    }

    @Override
    public SimulatorResponse invalidImages() {
        return result(PlaceholderImageRenderer.invalidImageBase64(), "SUCCESS");
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return images(1);
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return images(1);
    }

    /** Returns an image that is blurred at the vendor, with status 200. */
    @Override
    public SimulatorResponse moderation() {
        return renderedImage("CONTENT_FILTERED");
    }

    @Override
    public SimulatorResponse quota() {
        return error(
                402, "payment_required", "You lack sufficient credits to make this request. Please purchase more.");
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        return error(500, "internal_error", error);
    }

    private SimulatorResponse renderedImage(String finishReason) {
        return new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON,
                () -> imageRenderer.renderBody(
                        request.image(),
                        render -> toJson(Base64.getEncoder().encodeToString(render.apply(0)), finishReason)));
    }

    private SimulatorResponse result(String image, String finishReason) {
        return new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON, () -> Future.succeededFuture(toJson(image, finishReason)));
    }

    private Buffer toJson(String image, String finishReason) {
        return new JsonObject()
                .put("image", image)
                .put("finish_reason", finishReason)
                .put("seed", request.image().seed())
                .toBuffer();
    }

    private static SimulatorResponse error(int status, String name, String text) {
        return SimulatorResponse.json(status, () -> Future.succeededFuture(createError(name, text)));
    }

    /** Creates an error with the fields of the vendor. */
    static JsonObject createError(String name, String text) {
        return new JsonObject()
                .put("id", UUID.randomUUID().toString().replace("-", ""))
                .put("name", name)
                .put("errors", new JsonArray().add(text));
    }
}

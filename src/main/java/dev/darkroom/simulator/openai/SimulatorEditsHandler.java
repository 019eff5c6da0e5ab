package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorForm;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Map;

/**
 * Handles {@code POST /v1/images/edits}, as {@link SimulatorImagesHandler} handles requests without images. Logs size and hash of each
 * image. The rendered images depend on them.
 */
record SimulatorEditsHandler(
        FaultScript faultScript, SimulatorRequestLog requestLog, Duration latency, SimulatorImageRenderer imageRenderer)
        implements Handler<RoutingContext> {

    @Override
    public void handle(RoutingContext context) {
        HttpServerRequest request = context.request();
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorForm.read(request)
                .onComplete(form -> handleSubmission(request, writer, form), writer::sendRequestError);
    }

    private void handleSubmission(HttpServerRequest request, SimulatorResponseWriter writer, SimulatorForm form) {
        JsonObject fields = toJson(form);
        SimulatorRequestLog.LoggedSubmission entry = requestLog.add(
                request.getHeader("Idempotency-Key"), request.headers().contains("Authorization"), fields.toBuffer());
        entry.setInputImages(form.images());
        SimulatorImageRequest imageRequest;
        try {
            if (form.images().stream().noneMatch(image -> image.field().startsWith("image"))) {
                throw new SimulatorRequestException("You must provide an image.", "image");
            }
            imageRequest = SimulatorImageRequest.parse(fields).basedOn(form.images());
        } catch (SimulatorRequestException e) {
            entry.setResponse("status " + e.status());
            writer.sendRequestError(e);
            return;
        }
        ScriptStep step = faultScript.nextStep(request.headers());
        entry.setResponse(step.fault().description());
        SimulatorSubmission submission = new SimulatorSubmission(imageRequest, writer, imageRenderer, entry);
        writer.respondAfter(
                step.delayOr(latency),
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }

    /** Returns the fields as those of a request in JSON, which has numbers. */
    private static JsonObject toJson(SimulatorForm form) {
        JsonObject fields = new JsonObject();
        for (Map.Entry<String, String> field : form.fields()) {
            boolean number = field.getKey().equals("n") || field.getKey().equals("seed");
            fields.put(
                    field.getKey(),
                    number && field.getValue().matches("-?\\d{1,18}")
                            ? (Object) Long.valueOf(field.getValue())
                            : field.getValue());
        }
        return fields;
    }
}

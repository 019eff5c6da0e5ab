package dev.darkroom.simulator.stability;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorForm;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Handles {@code POST /v2beta/stable-image/generate/{endpoint}}. Logs the fields of every form as a JSON object. A valid request takes
 * one step of the script.
 */
record FormSubmissionHandler(
        FaultScript faultScript, SimulatorRequestLog requestLog, Duration latency, SimulatorImageRenderer imageRenderer)
        implements Handler<RoutingContext> {
    private static final String MEDIA_TYPE = "multipart/form-data";

    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        String contentType = context.request().getHeader("Content-Type");
        if (contentType == null || !contentType.startsWith(MEDIA_TYPE)) {
            writer.sendJson(400, FormSubmission.createError("bad_request", "content-type: must be " + MEDIA_TYPE));
            return;
        }
        SimulatorForm.read(context.request())
                .onComplete(form -> handleForm(context, writer, form.fields()), writer::sendRequestError);
    }

    private void handleForm(RoutingContext context, SimulatorResponseWriter writer, MultiMap fields) {
        JsonObject logged = new JsonObject().put("endpoint", context.pathParam("endpoint"));
        fields.forEach(field -> logged.put(field.getKey(), field.getValue()));
        SimulatorRequestLog.LoggedSubmission entry =
                requestLog.add(null, context.request().headers().contains("Authorization"), logged.toBuffer());
        FormRequest formRequest;
        try {
            formRequest = FormRequest.parse(fields);
        } catch (SimulatorRequestException e) {
            entry.setResponse("status 400");
            writer.sendJson(400, FormSubmission.createError("bad_request", e.getMessage()));
            return;
        }
        ScriptStep step = faultScript.nextStep(context.request().headers());
        entry.setResponse(step.fault().description());
        FormSubmission submission = new FormSubmission(formRequest, writer, imageRenderer);
        writer.respondAfter(
                step.delayOr(latency),
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }
}

package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.http.JobStore;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.function.Function;

/** Submissions to {@code POST /v1/models/{owner}/{name}/predictions} and {@code POST /v1/predictions}. */
record ReplicateSubmissions(SimulatorImageRenderer imageRenderer, JobStore<StoredPrediction> store)
        implements JobSubmissionHandler.Protocol {
    @Override
    public Function<Duration, ImageResponses> parse(JobSubmissionHandler.Submission submission, JsonObject body) {
        PredictionInput input = PredictionInput.parse(body);
        return duration -> new ReplicateSubmission(
                input,
                () -> createPrediction(submission.context(), body, input),
                duration,
                store,
                submission.writer(),
                imageRenderer,
                submission.logEntry());
    }

    private static StoredPrediction createPrediction(RoutingContext context, JsonObject body, PredictionInput input) {
        String owner = context.pathParam("owner");
        String version = body.getString("version", "hidden");
        int colon = version.indexOf(':');
        String model = owner != null
                ? owner + "/" + context.pathParam("name")
                : colon < 0 ? "simulator/simulator" : version.substring(0, colon);
        return new StoredPrediction(
                context.request().getHeader("Authorization"), input.source(), model, version.substring(colon + 1));
    }

    /** Sends an error with the fields of Replicate. */
    @Override
    public void reject(JobSubmissionHandler.Submission submission, SimulatorRequestException invalid) {
        submission.logEntry().setResponse("status 422");
        submission
                .writer()
                .sendJson(
                        422,
                        new JsonObject()
                                .put("title", "Input validation failed")
                                .put(
                                        "detail",
                                        "- input" + (invalid.param() == null ? "" : "." + invalid.param()) + ": "
                                                + invalid.getMessage() + "\n")
                                .put("status", 422));
    }
}

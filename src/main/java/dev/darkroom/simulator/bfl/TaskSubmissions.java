package dev.darkroom.simulator.bfl;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.http.JobStore;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.function.Function;

/** Submissions to {@code POST /v1/{model}}. */
record TaskSubmissions(SimulatorImageRenderer imageRenderer, JobStore<SimulatorTask> store)
        implements JobSubmissionHandler.Protocol {
    /** Maximum number of active tasks of an account, from the documentation of the vendor. */
    private static final int MAX_ACTIVE = 24;

    private static final String TOO_MANY_TASKS = "Too many concurrent requests";

    @Override
    public Function<Duration, ImageResponses> parse(JobSubmissionHandler.Submission submission, JsonObject body) {
        TaskRequest request = TaskRequest.parse(body);
        if (store.count(task -> !task.ended()) >= MAX_ACTIVE) {
            throw new SimulatorRequestException(TOO_MANY_TASKS, null);
        }
        return duration ->
                new TaskSubmission(request, duration, store, submission.writer(), imageRenderer, submission.logEntry());
    }

    /** Sends an error of FastAPI; another one for too many tasks. */
    @Override
    public void reject(JobSubmissionHandler.Submission submission, SimulatorRequestException invalid) {
        boolean rateLimited = TOO_MANY_TASKS.equals(invalid.getMessage());
        int status = rateLimited ? 429 : 422;
        submission.logEntry().setResponse("status " + status);
        submission.writer().sendJson(status, rateLimited ? createRateLimitError() : createFieldError(invalid));
    }

    private static JsonObject createRateLimitError() {
        return new JsonObject()
                .put("error", "rate_limit_exceeded")
                .put("message", TOO_MANY_TASKS)
                .put("retry_after", 5);
    }

    private static JsonObject createFieldError(SimulatorRequestException invalid) {
        JsonArray location = new JsonArray().add("body");
        if (invalid.param() != null) {
            location.add(invalid.param());
        }
        JsonObject detail =
                new JsonObject().put("type", "value_error").put("loc", location).put("msg", invalid.getMessage());
        return new JsonObject().put("detail", new JsonArray().add(detail));
    }
}

package dev.darkroom.simulator.bfl;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.JobStore;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * A valid submission with its possible responses. The body of a response is created when the task is accepted. Used on one event loop.
 *
 * @param duration time until the end of the task
 */
record TaskSubmission(
        TaskRequest request,
        Duration duration,
        JobStore<SimulatorTask> store,
        SimulatorResponseWriter writer,
        SimulatorImageRenderer imageRenderer,
        SimulatorRequestLog.LoggedSubmission logEntry)
        implements ImageResponses {

    /** A task makes one image. */
    @Override
    public int requestedCount() {
        return 1;
    }

    @Override
    public SimulatorResponse images(int count) {
        return count == 0 ? accept(task -> task.succeed(new JsonObject())) : imageUrls(List.of());
    }

    @Override
    public SimulatorResponse invalidImages() {
        return imageUrls(List.of(ScriptStep.MALFORMED_BODY));
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return accept(task -> task.succeed(new JsonObject()
                .put("sample", url)
                .put("prompt", request.image().prompt())
                .put("seed", request.image().seed())));
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return fixedUrl(imageRenderer.createUrl(request.image(), 0, downloadFaults, logEntry));
    }

    @Override
    public SimulatorResponse moderation() {
        return accept(task -> task.fail(
                "Request Moderated", new JsonObject().put("Moderation Reasons", new JsonArray().add("Safety Filter"))));
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        return accept(task -> task.fail("Error", new JsonObject().put("error", error)));
    }

    @Override
    public SimulatorResponse quota() {
        JsonObject error = new JsonObject().put("detail", "Insufficient credits");
        return SimulatorResponse.json(402, () -> Future.succeededFuture(error));
    }

    private SimulatorResponse accept(Consumer<SimulatorTask> end) {
        return SimulatorResponse.json(200, () -> {
            SimulatorTask task = new SimulatorTask();
            store.run(task.id(), task, duration, end);
            return Future.succeededFuture(new JsonObject()
                    .put("id", task.id())
                    .put("polling_url", imageRenderer.baseUrl() + "/v1/get_result?id=" + task.id()));
        });
    }
}

package dev.darkroom.simulator.fal;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.http.JobStore;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Submissions to the queue, and calls of an app.
 *
 * @param store requests of the queue; null for an app that is called directly
 */
record FalSubmissions(Vertx vertx, SimulatorImageRenderer imageRenderer, JobStore<StoredRequest> store)
        implements JobSubmissionHandler.Protocol {
    @Override
    public Function<Duration, ImageResponses> parse(JobSubmissionHandler.Submission submission, JsonObject body) {
        FalInput input = FalInput.parse(body);
        submission.logEntry().setInputImages(input.inputImages());
        return duration -> new FalSubmission(
                input,
                imageRenderer,
                submission,
                store == null
                        ? output -> call(submission, output, duration)
                        : output -> SimulatorResponse.json(
                                200, () -> Future.succeededFuture(enqueue(submission, output, duration))));
    }

    /** The queue accepts any body. The runner rejects it. */
    @Override
    public void reject(JobSubmissionHandler.Submission submission, SimulatorRequestException invalid) {
        submission.logEntry().setResponse("status 422");
        FalOutput output = FalOutput.invalid(invalid);
        if (store == null) {
            output.send(submission.writer());
        } else {
            submission.writer().sendJson(200, enqueue(submission, () -> output, Duration.ZERO));
        }
    }

    private JsonObject enqueue(
            JobSubmissionHandler.Submission submission, Supplier<FalOutput> output, Duration duration) {
        StoredRequest request = new StoredRequest(FalSimulatorRoutes.appUrl(submission.context()));
        store.run(request.id(), request, duration, ended -> ended.end(output.get()));
        return request.toJson();
    }

    /** Returns a response with the status and the headers of the output, which the app creates after its duration. */
    private SimulatorResponse call(
            JobSubmissionHandler.Submission submission, Supplier<FalOutput> output, Duration duration) {
        FalOutput created = output.get();
        return SimulatorResponse.json(created.status(), () -> {
            created.headers().forEach(submission.writer()::setHeader);
            Promise<JsonObject> body = Promise.promise();
            vertx.setTimer(Math.max(1, duration.toMillis()), elapsed -> body.complete(created.body()));
            return body.future();
        });
    }
}

package dev.darkroom.simulator.fal;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A valid submission to fal, with its possible responses. Used on one event loop.
 *
 * @param respond creates the response from the output of the app, which is created when the app has run
 */
record FalSubmission(
        FalInput input,
        SimulatorImageRenderer imageRenderer,
        JobSubmissionHandler.Submission submission,
        Function<Supplier<FalOutput>, SimulatorResponse> respond)
        implements ImageResponses {

    @Override
    public SimulatorResponseWriter writer() {
        return submission.writer();
    }

    @Override
    public int requestedCount() {
        return input.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return respond.apply(() -> FalOutput.images(createUrls(count, List.of()), input));
    }

    @Override
    public SimulatorResponse invalidImages() {
        return fixedUrl("data:image/png;base64," + PlaceholderImageRenderer.invalidImageBase64());
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return respond.apply(() -> FalOutput.images(Collections.nCopies(input.count(), url), input));
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return respond.apply(() -> FalOutput.images(createUrls(input.count(), downloadFaults), input));
    }

    @Override
    public SimulatorResponse moderation() {
        return respond.apply(FalOutput::contentPolicy);
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        return respond.apply(() -> FalOutput.failed(error));
    }

    /** Responds as to a locked account, see https://github.com/fal-ai/fal/issues. */
    @Override
    public SimulatorResponse quota() {
        JsonObject error = new JsonObject()
                .put(
                        "detail",
                        "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.");
        return SimulatorResponse.json(403, () -> Future.succeededFuture(error));
    }

    private List<String> createUrls(int count, List<ScriptStep> downloadFaults) {
        return IntStream.range(0, count)
                .mapToObj(position ->
                        imageRenderer.createUrl(input.image(), position, downloadFaults, submission.logEntry()))
                .toList();
    }
}

package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.JobStore;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A valid submission to Replicate, with its possible responses. The body of a response is created when the prediction is accepted.
 * Used on one event loop.
 *
 * @param duration time until the end of the prediction
 * @param prediction creates the prediction
 */
record ReplicateSubmission(
        PredictionInput input,
        Supplier<StoredPrediction> prediction,
        Duration duration,
        JobStore<StoredPrediction> store,
        SimulatorResponseWriter writer,
        SimulatorImageRenderer imageRenderer,
        SimulatorRequestLog.LoggedSubmission logEntry)
        implements ImageResponses {

    @Override
    public int requestedCount() {
        return input.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return accept(created -> created.succeed(createUrls(count, List.of())));
    }

    @Override
    public SimulatorResponse invalidImages() {
        String url = "data:image/png;base64," + PlaceholderImageRenderer.invalidImageBase64();
        return fixedUrl(url);
    }

    @Override
    public SimulatorResponse fixedUrl(String url) {
        return accept(created -> created.succeed(Collections.nCopies(input.count(), url)));
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return accept(created -> created.succeed(createUrls(input.count(), downloadFaults)));
    }

    /** Fails with the message of the Stable Diffusion models of Replicate. */
    @Override
    public SimulatorResponse moderation() {
        return failedJob("NSFW content detected. Try running it again, or try a different prompt.");
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        return accept(created -> created.fail(error));
    }

    @Override
    public SimulatorResponse quota() {
        JsonObject error = new JsonObject()
                .put("title", "Insufficient credit")
                .put("detail", "You have insufficient credit to run this model.")
                .put("status", 402);
        return SimulatorResponse.json(402, () -> Future.succeededFuture(error));
    }

    private List<String> createUrls(int count, List<ScriptStep> downloadFaults) {
        return IntStream.range(0, count)
                .mapToObj(position -> imageRenderer.createUrl(input.image(), position, downloadFaults, logEntry))
                .toList();
    }

    private SimulatorResponse accept(Consumer<StoredPrediction> end) {
        return SimulatorResponse.json(201, () -> {
            StoredPrediction created = prediction.get();
            JsonObject json = created.toJson(imageRenderer.baseUrl());
            store.run(created.id(), created, duration, ended -> {
                if (!ended.ended()) {
                    end.accept(ended);
                }
            });
            return Future.succeededFuture(json);
        });
    }
}

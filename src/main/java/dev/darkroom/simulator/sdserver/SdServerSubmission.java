package dev.darkroom.simulator.sdserver;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A valid submission to sd-server, with its possible responses. Used on one event loop, except for the rendering.
 *
 * @param duration of the job
 */
record SdServerSubmission(
        ImageParameters image,
        int count,
        Duration duration,
        SdServerJobQueue queue,
        SimulatorImageRenderer imageRenderer,
        JobSubmissionHandler.Submission submission)
        implements ImageResponses {

    @Override
    public SimulatorResponseWriter writer() {
        return submission.writer();
    }

    @Override
    public int requestedCount() {
        return count;
    }

    @Override
    public SimulatorResponse images(int number) {
        return accept(() -> imageRenderer
                .renderBody(
                        image,
                        render -> entries(IntStream.range(0, number)
                                        .mapToObj(
                                                position -> Base64.getEncoder().encodeToString(render.apply(position)))
                                        .toList())
                                .toBuffer())
                .map(JsonArray::new));
    }

    @Override
    public SimulatorResponse invalidImages() {
        return fixedUrl(PlaceholderImageRenderer.invalidImageBase64());
    }

    /** The protocol has no URLs: the client finds the URL in place of base64. */
    @Override
    public SimulatorResponse fixedUrl(String url) {
        return accept(() -> Future.succeededFuture(
                entries(IntStream.range(0, count).mapToObj(position -> url).toList())));
    }

    /** The protocol has no URLs: returns the images. */
    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return images(count);
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        return accept(() -> Future.failedFuture(error));
    }

    private static JsonArray entries(List<String> texts) {
        JsonArray entries = new JsonArray();
        texts.forEach(text ->
                entries.add(new JsonObject().put("index", entries.size()).put("b64_json", text)));
        return entries;
    }

    private SimulatorResponse accept(Supplier<Future<JsonArray>> work) {
        if (queue.full()) {
            JsonObject error = new JsonObject().put("error", "job queue is full");
            return SimulatorResponse.json(429, () -> Future.succeededFuture(error));
        }
        return SimulatorResponse.json(202, () -> {
            String id = String.format(
                    Locale.ROOT, "job_%x_%08x", System.currentTimeMillis() / 1000, System.nanoTime() & 0xffff_ffffL);
            SdServerSimulatorJob job = new SdServerSimulatorJob(id, duration, work);
            JsonObject json = job.toSubmissionJson();
            queue.add(job);
            return Future.succeededFuture(json);
        });
    }
}

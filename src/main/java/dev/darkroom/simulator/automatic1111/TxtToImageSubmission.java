package dev.darkroom.simulator.automatic1111;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** A valid request, with its possible responses. Used on one event loop, except for the rendering. */
record TxtToImageSubmission(TxtToImageRequest request, SimulatorResponseWriter writer, WorkerExecutor workers)
        implements ImageResponses {
    private static final PlaceholderImageRenderer RENDERER = new PlaceholderImageRenderer();

    @Override
    public int requestedCount() {
        return request.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return createResponse(request.sendImages() ? count : 0, this::renderBase64);
    }

    @Override
    public SimulatorResponse invalidImages() {
        return createResponse(request.count(), position -> PlaceholderImageRenderer.invalidImageBase64());
    }

    /** The protocol has no URLs: the client finds the URL in place of base64. */
    @Override
    public SimulatorResponse fixedUrl(String url) {
        return createResponse(request.count(), position -> url);
    }

    /** The protocol has no URLs: returns the images. */
    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return images(request.count());
    }

    private SimulatorResponse createResponse(int count, IntFunction<String> image) {
        return new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON,
                () -> workers.executeBlocking(() -> createBody(count, image), false));
    }

    private Buffer createBody(int count, IntFunction<String> image) {
        return new JsonObject()
                .put(
                        "images",
                        new JsonArray(IntStream.range(0, count).mapToObj(image).toList()))
                .put("parameters", request.source())
                .put("info", createInfo().encode())
                .toBuffer();
    }

    private String renderBase64(int position) {
        byte[] png = RENDERER.render(request.prompt(), request.seed() + position, request.width(), request.height(), 0);
        return Base64.getEncoder().encodeToString(png);
    }

    private JsonObject createInfo() {
        JsonArray seeds = new JsonArray();
        JsonArray prompts = new JsonArray();
        JsonArray infotexts = new JsonArray();
        for (int position = 0; position < request.count(); position++) {
            seeds.add(request.seed() + position);
            prompts.add(request.prompt());
            infotexts.add(createInfotext(position));
        }
        return new JsonObject()
                .put("prompt", request.prompt())
                .put("all_prompts", prompts)
                .put("negative_prompt", request.negativePrompt())
                .put("seed", request.seed())
                .put("all_seeds", seeds)
                .put("width", request.width())
                .put("height", request.height())
                .put("batch_size", request.count())
                .put("index_of_first_image", 0)
                .put("infotexts", infotexts);
    }

    private String createInfotext(int position) {
        return request.prompt() + "\nNegative prompt: " + request.negativePrompt()
                + "\nSteps: 20, Sampler: Euler, Seed: " + (request.seed() + position) + ", Size: " + request.width()
                + "x" + request.height();
    }
}

package dev.darkroom.simulator;

import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Where pictures are made, on its own worker threads. It remembers what its URLs stand for, not the pictures: they are
 * rendered again, to the same bytes, when they are fetched. Event loop only, but for the rendering.
 */
final class SimulatorImageRenderer {
    /** How many URLs stay good; the oldest go first. */
    private static final int MAX_URLS = 1000;

    private final WorkerExecutor workers;
    private final PlaceholderImageRenderer renderer;
    private final Supplier<String> baseUrl;
    private final Map<String, UrlImage> imagesByFile = new LinkedHashMap<>();

    /**
     * A picture behind a URL.
     *
     * @param faults what its downloads meet first
     * @param submission which it was an answer to
     */
    record UrlImage(
            SimulatorImageRequest request,
            int position,
            FaultScript faults,
            SimulatorRequestLog.LoggedSubmission submission) {}

    /** @param baseUrl asked at each use, as the port is known only once the server listens */
    SimulatorImageRenderer(WorkerExecutor workers, PlaceholderImageRenderer renderer, Supplier<String> baseUrl) {
        this.workers = workers;
        this.renderer = renderer;
        this.baseUrl = baseUrl;
    }

    /** Makes a URL for a picture. */
    String createUrl(
            SimulatorImageRequest request,
            int position,
            List<ScriptStep> faults,
            SimulatorRequestLog.LoggedSubmission submission) {
        String file = UUID.randomUUID() + ".png";
        FaultScript faultScript = new FaultScript();
        faultScript.replace(faults);
        imagesByFile.put(file, new UrlImage(request, position, faultScript, submission));
        if (imagesByFile.size() > MAX_URLS) {
            imagesByFile.remove(imagesByFile.keySet().iterator().next());
        }
        return baseUrl.get() + "/pictures/" + file;
    }

    /** What a URL stands for; null when it was never announced or is too long ago. */
    UrlImage findByFile(String file) {
        return imagesByFile.get(file);
    }

    /** The picture itself. */
    Future<Buffer> renderPng(UrlImage picture) {
        return workers.executeBlocking(() -> Buffer.buffer(render(picture.request(), picture.position())), false);
    }

    /** The whole answer with pictures inside, put together away from the event loop because it can be large. */
    Future<Buffer> renderBase64Response(SimulatorImageRequest request, int count) {
        return workers.executeBlocking(
                () -> {
                    Buffer answer =
                            Buffer.buffer("{\"created\":" + Instant.now().getEpochSecond() + ",\"data\":[");
                    for (int position = 0; position < count; position++) {
                        answer.appendString(position == 0 ? "{\"b64_json\":\"" : ",{\"b64_json\":\"")
                                .appendBytes(Base64.getEncoder().encode(render(request, position)))
                                .appendString("\"}");
                    }
                    return answer.appendString("]}");
                },
                false);
    }

    /** Text in the place of a picture. */
    static String invalidImageBase64() {
        byte[] text = "This is no picture, whatever the label says.".getBytes(StandardCharsets.US_ASCII);
        return Base64.getEncoder().encodeToString(text);
    }

    private byte[] render(SimulatorImageRequest request, int position) {
        return renderer.render(request.prompt(), request.seed(), request.width(), request.height(), position);
    }
}

package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Renders images on separate worker threads and creates URLs for them. Stores the parameters of the images and not the images: a
 * download renders the same bytes again. Used on one event loop, except for the rendering.
 */
final class SimulatorImageRenderer {
    /** Maximum number of valid URLs. The oldest are removed first. */
    private static final int MAX_URLS = 1000;

    private final WorkerExecutor workers;
    private final PlaceholderImageRenderer renderer = new PlaceholderImageRenderer();
    private final Supplier<String> baseUrl;
    private final Map<String, UrlImage> imagesByFile = new LinkedHashMap<>();

    /**
     * An image with a URL.
     *
     * @param faults the faults applied to its downloads
     * @param submission the submission that the URL was returned for
     */
    record UrlImage(
            SimulatorImageRequest request,
            int position,
            FaultScript faults,
            SimulatorRequestLog.LoggedSubmission submission) {}

    /** @param baseUrl called for each URL, since the port is known only after the server has started */
    SimulatorImageRenderer(WorkerExecutor workers, Supplier<String> baseUrl) {
        this.workers = workers;
        this.baseUrl = baseUrl;
    }

    /** Creates a URL for an image. */
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
        return baseUrl.get() + "/images/" + file;
    }

    /** Returns the image of a file name; null when the name is unknown or was removed. */
    UrlImage findByFile(String file) {
        return imagesByFile.get(file);
    }

    /** Renders an image. */
    Future<Buffer> renderPng(UrlImage image) {
        return workers.executeBlocking(() -> Buffer.buffer(render(image.request(), image.position())), false);
    }

    /** Renders a response body with Base64 images. Creates the whole body on a worker thread, since it can be large. */
    Future<Buffer> renderBase64Response(SimulatorImageRequest request, int count) {
        return workers.executeBlocking(
                () -> {
                    Buffer body = Buffer.buffer("{\"created\":" + Instant.now().getEpochSecond() + ",\"data\":[");
                    for (int position = 0; position < count; position++) {
                        body.appendString(position == 0 ? "{\"b64_json\":\"" : ",{\"b64_json\":\"")
                                .appendBytes(Base64.getEncoder().encode(render(request, position)))
                                .appendString("\"}");
                    }
                    return body.appendString("]}");
                },
                false);
    }

    private byte[] render(SimulatorImageRequest request, int position) {
        return renderer.render(request.prompt(), request.seed(), request.width(), request.height(), position);
    }
}

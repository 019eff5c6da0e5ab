package dev.darkroom.simulator.image;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Renders images of every protocol on separate worker threads and creates URLs for them. Stores the parameters of the images and not
 * the images: a download renders the same bytes again. Used on one event loop, except for the rendering.
 */
public final class SimulatorImageRenderer {
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
            ImageParameters parameters,
            int position,
            FaultScript faults,
            SimulatorRequestLog.LoggedSubmission submission) {}

    /**
     * @param workers renders the images
     * @param baseUrl called for each URL, since the port is known only after the server has started
     */
    public SimulatorImageRenderer(WorkerExecutor workers, Supplier<String> baseUrl) {
        this.workers = workers;
        this.baseUrl = baseUrl;
    }

    /** Returns the URL of the simulator, without a trailing slash. */
    public String baseUrl() {
        return baseUrl.get();
    }

    /**
     * Creates a URL for an image.
     *
     * @param position index within the submission, from 0
     * @param faults the faults of the first downloads
     */
    public String createUrl(
            ImageParameters parameters,
            int position,
            List<ScriptStep> faults,
            SimulatorRequestLog.LoggedSubmission submission) {
        String file = UUID.randomUUID() + ".png";
        FaultScript faultScript = new FaultScript();
        faultScript.replace(faults);
        imagesByFile.put(file, new UrlImage(parameters, position, faultScript, submission));
        if (imagesByFile.size() > MAX_URLS) {
            imagesByFile.remove(imagesByFile.keySet().iterator().next());
        }
        return baseUrl() + "/images/" + file;
    }

    /** Returns the image of a file name; null when the name is unknown or was removed. */
    UrlImage findByFile(String file) {
        return imagesByFile.get(file);
    }

    /** Renders an image. */
    Future<Buffer> renderPng(UrlImage image) {
        return renderBody(image.parameters(), render -> Buffer.buffer(render.apply(image.position())));
    }

    /**
     * Creates a response body with images on a worker thread, since it can be large.
     *
     * @param create receives a function that renders the PNG of a position
     */
    public Future<Buffer> renderBody(ImageParameters parameters, Function<IntFunction<byte[]>, Buffer> create) {
        return workers.executeBlocking(() -> create.apply(position -> render(parameters, position)), false);
    }

    private byte[] render(ImageParameters parameters, int position) {
        return renderer.render(
                parameters.prompt(), parameters.seed(), parameters.width(), parameters.height(), position);
    }
}

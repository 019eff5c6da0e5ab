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
final class Studio {
    /** How many URLs stay good; the oldest go first. */
    private static final int MOST_ANNOUNCED = 1000;

    private final WorkerExecutor workers;
    private final PlaceholderImageRenderer renderer;
    private final Supplier<String> baseUrl;
    private final Map<String, Announced> announced = new LinkedHashMap<>();

    /**
     * A picture behind a URL.
     *
     * @param faults what its downloads meet first
     * @param submission which it was an answer to
     */
    record Announced(ImagesRequest request, int position, Script faults, RequestLog.Submitted submission) {}

    /** @param baseUrl asked at each use, as the port is known only once the server listens */
    Studio(WorkerExecutor workers, PlaceholderImageRenderer renderer, Supplier<String> baseUrl) {
        this.workers = workers;
        this.renderer = renderer;
        this.baseUrl = baseUrl;
    }

    /** Makes a URL for a picture. */
    String announce(ImagesRequest request, int position, List<Step> faults, RequestLog.Submitted submission) {
        String file = UUID.randomUUID() + ".png";
        Script script = new Script();
        script.replace(faults);
        announced.put(file, new Announced(request, position, script, submission));
        if (announced.size() > MOST_ANNOUNCED) {
            announced.remove(announced.keySet().iterator().next());
        }
        return baseUrl.get() + "/pictures/" + file;
    }

    /** What a URL stands for; null when it was never announced or is too long ago. */
    Announced find(String file) {
        return announced.get(file);
    }

    /** The picture itself. */
    Future<Buffer> picture(Announced picture) {
        return workers.executeBlocking(() -> Buffer.buffer(render(picture.request(), picture.position())), false);
    }

    /** The whole answer with pictures inside, put together away from the event loop because it can be large. */
    Future<Buffer> base64Answer(ImagesRequest request, int count) {
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
    static String notAPicture() {
        byte[] text = "This is no picture, whatever the label says.".getBytes(StandardCharsets.US_ASCII);
        return Base64.getEncoder().encodeToString(text);
    }

    private byte[] render(ImagesRequest request, int position) {
        return renderer.render(request.prompt(), request.seed(), request.width(), request.height(), position);
    }
}

package dev.darkroom.api.replicate;

import dev.darkroom.backend.InputImage;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;

/** Writes a generation as a prediction of the Replicate API. Pure functions. */
public final class PredictionJson {
    private static final String CANCELLED = "CANCELLED";

    private PredictionJson() {}

    /**
     * Writes a prediction. Its status is {@code starting} until the end: the clients take every other status for the end when they
     * asked to wait.
     *
     * @param publicUrl of this service, without a trailing slash
     * @param imageUrls signed URLs of the images
     */
    public static JsonObject toJson(Generation generation, String publicUrl, List<String> imageUrls) {
        String url = publicUrl + "/v1/predictions/" + generation.id();
        List<Attempt> attempts = generation.attempts();
        Attempt last = attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
        String status = status(generation);
        JsonObject metrics = new JsonObject();
        if (last != null && last.finishedAt() != null) {
            metrics.put(
                    "predict_time",
                    Duration.between(last.startedAt(), last.finishedAt()).toMillis() / 1000.0);
        }
        return new JsonObject()
                .put("id", generation.id().toString())
                .put("model", generation.request().model())
                .put("version", generation.request().model())
                .put("input", input(generation.request()))
                .put("output", status.equals("succeeded") ? new JsonArray(imageUrls) : null)
                .put("status", status)
                .put("error", status.equals("failed") ? generation.error().message() : null)
                .put("logs", "")
                .put("metrics", metrics)
                .put("data_removed", false)
                .put("created_at", Rfc3339Timestamp.format(generation.createdAt()))
                .put(
                        "started_at",
                        attempts.isEmpty()
                                ? null
                                : Rfc3339Timestamp.format(attempts.get(0).startedAt()))
                .put("completed_at", Rfc3339Timestamp.format(generation.completedAt()))
                .put("urls", new JsonObject().put("get", url).put("cancel", url + "/cancel"));
    }

    private static String status(Generation generation) {
        if (generation.isPending()) {
            return "starting";
        }
        if (generation.error() == null) {
            return "succeeded";
        }
        return generation.error().code().equals(CANCELLED) ? "canceled" : "failed";
    }

    /** Returns the input, with the defaults. An upload has no URL, so only the URLs of images are in it. */
    private static JsonObject input(GenerationRequest request) {
        JsonObject input = new JsonObject()
                .put("prompt", request.prompt())
                .put("width", request.width())
                .put("height", request.height())
                .put("num_outputs", request.count())
                .put("seed", request.seed());
        if (request.negativePrompt() != null) {
            input.put("negative_prompt", request.negativePrompt());
        }
        for (InputImage image : request.inputs().images()) {
            putUrl(input, InlineImages.IMAGE, image);
        }
        putUrl(input, InlineImages.MASK, request.inputs().mask());
        return request.parameters() == null ? input : input.mergeIn(request.parameters());
    }

    private static void putUrl(JsonObject input, String name, InputImage image) {
        if (image != null && image.url() != null) {
            input.put(name, image.url());
        }
    }
}

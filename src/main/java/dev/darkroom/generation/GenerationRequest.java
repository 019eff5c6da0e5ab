package dev.darkroom.generation;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import io.vertx.core.json.JsonObject;
import java.util.Collections;
import java.util.Map;
import java.util.UUID;

/**
 * Request for a generation, with all defaults resolved. Immutable.
 *
 * @param prompt never null
 * @param negativePrompt null when there is none
 * @param width in pixels
 * @param height in pixels
 * @param count number of images
 * @param seed 0 to 2^31-1
 * @param model null leaves the choice to the AI server
 * @param metadata string pairs of the client, null when there are none
 * @param parameters further members for the AI server; must not be changed. Null when there are none
 * @param inputs images that the generation is based on; never null
 * @param priority orders the generations of one user; a smaller value goes first. Null after the end: only the queue stores it
 */
public record GenerationRequest(
        String prompt,
        String negativePrompt,
        int width,
        int height,
        int count,
        long seed,
        String model,
        Map<String, String> metadata,
        JsonObject parameters,
        InputImages inputs,
        Integer priority) {

    public GenerationRequest {
        metadata = metadata == null ? null : Collections.unmodifiableMap(metadata);
    }

    /**
     * Returns the request to an AI server.
     *
     * @param generationId id of the generation, which has a priority
     */
    public ImageRequest toImageRequest(UUID generationId) {
        return new ImageRequest(
                generationId.toString(),
                prompt,
                negativePrompt,
                width,
                height,
                count,
                seed,
                model,
                parameters,
                inputs,
                priority);
    }
}

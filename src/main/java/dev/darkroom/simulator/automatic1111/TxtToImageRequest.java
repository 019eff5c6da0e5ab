package dev.darkroom.simulator.automatic1111;

import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The parameters of {@code POST /sdapi/v1/txt2img}. Immutable.
 *
 * @param taskId the id that the client chose, or a new one
 * @param count number of images, 1 to 10
 * @param seed of the first image; each further image has the next seed
 * @param sendImages whether the response contains the images
 * @param source the body, which the response repeats
 */
record TxtToImageRequest(
        String taskId,
        String prompt,
        String negativePrompt,
        int width,
        int height,
        int count,
        long seed,
        boolean sendImages,
        JsonObject source) {
    private static final int DEFAULT_SIDE_PIXELS = 512;
    private static final int MAX_COUNT = 10;
    private static final long MAX_SEED = 0xffff_ffffL;
    private static final long RANDOM_SEED = -1;

    /**
     * Parses a request. Ignores unknown fields, as the original server does.
     *
     * @param images on which the rendered ones depend
     * @throws SimulatorRequestException for the first invalid field
     */
    static TxtToImageRequest parse(JsonObject body, List<SimulatorInputImage> images) {
        String taskId = parseText(body, "force_task_id", null);
        long seed = parseNumber(body, "seed", RANDOM_SEED, RANDOM_SEED, MAX_SEED);
        return new TxtToImageRequest(
                taskId == null ? "task(txt2img-" + UUID.randomUUID() + ")" : taskId,
                parseText(body, "prompt", ""),
                parseText(body, "negative_prompt", ""),
                parseSide(body, "width"),
                parseSide(body, "height"),
                (int) (parseNumber(body, "batch_size", 1, 1, MAX_COUNT) * parseNumber(body, "n_iter", 1, 1, MAX_COUNT)),
                SimulatorInputImage.mixSeed(
                        seed == RANDOM_SEED ? ThreadLocalRandom.current().nextLong(MAX_SEED) : seed, images),
                !Boolean.FALSE.equals(body.getValue("send_images")),
                body);
    }

    private static int parseSide(JsonObject body, String key) {
        return (int) parseNumber(
                body, key, DEFAULT_SIDE_PIXELS, PlaceholderImageRenderer.MIN_SIDE, PlaceholderImageRenderer.MAX_SIDE);
    }

    private static String parseText(JsonObject body, String key, String defaultValue) {
        Object value = body.getValue(key);
        if (value == null) {
            return defaultValue;
        }
        if (value instanceof String text) {
            return text;
        }
        throw new SimulatorRequestException("Input should be a valid string", key);
    }

    private static long parseNumber(JsonObject body, String key, long defaultValue, long min, long max) {
        Object value = body.getValue(key);
        if (value == null) {
            return defaultValue;
        }
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw new SimulatorRequestException("Input should be a valid integer, " + min + " to " + max, key);
    }
}

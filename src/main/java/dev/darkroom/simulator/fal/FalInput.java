package dev.darkroom.simulator.fal;

import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * The input of a model. Immutable.
 *
 * @param image the seed is 0 when the input has none, so that equal inputs get equal images
 * @param count number of images, 1 to 10
 * @param inputImages images in data URLs, on which the rendered ones depend
 */
record FalInput(ImageParameters image, int count, List<SimulatorInputImage> inputImages) {
    private static final List<String> IMAGE_FIELDS = List.of("image_url", "image_urls", "mask_url");

    /** Message of FastAPI for a missing field. */
    static final String FIELD_REQUIRED = "Field required";

    private static final int MAX_COUNT = 10;
    private static final int DEFAULT_SIDE_PIXELS = 512;

    /**
     * Parses an input. Ignores unknown fields, and names of sizes such as {@code square_hd}.
     *
     * @throws SimulatorRequestException for the first invalid field
     */
    static FalInput parse(JsonObject input) {
        if (!(input.getValue("prompt") instanceof String prompt)) {
            throw new SimulatorRequestException(
                    input.getValue("prompt") == null ? FIELD_REQUIRED : "Input should be a valid string", "prompt");
        }
        JsonObject size = input.getValue("image_size") instanceof JsonObject object ? object : input;
        List<SimulatorInputImage> images = IMAGE_FIELDS.stream()
                .flatMap(field -> SimulatorInputImage.decode(field, input.getValue(field)).stream())
                .toList();
        long seed = parseNumber(input, "seed", 0, Long.MIN_VALUE, Long.MAX_VALUE);
        return new FalInput(
                new ImageParameters(
                        prompt,
                        SimulatorInputImage.mixSeed(seed, images),
                        parseSide(size, "width"),
                        parseSide(size, "height")),
                (int) parseNumber(input, "num_images", 1, 1, MAX_COUNT),
                images);
    }

    private static int parseSide(JsonObject input, String name) {
        return (int) parseNumber(
                input, name, DEFAULT_SIDE_PIXELS, PlaceholderImageRenderer.MIN_SIDE, PlaceholderImageRenderer.MAX_SIDE);
    }

    private static long parseNumber(JsonObject input, String name, long defaultValue, long min, long max) {
        Object value = input.getValue(name);
        if (value == null) {
            return defaultValue;
        }
        if (!(value instanceof Integer || value instanceof Long)) {
            throw new SimulatorRequestException("Input should be a valid integer", name);
        }
        long number = ((Number) value).longValue();
        if (number < min || number > max) {
            throw new SimulatorRequestException(
                    number < min
                            ? "Input should be greater than or equal to " + min
                            : "Input should be less than or equal to " + max,
                    name);
        }
        return number;
    }
}

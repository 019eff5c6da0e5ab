package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;

/**
 * The {@code input} of a prediction. Immutable.
 *
 * @param source the input as received
 * @param image the seed is 0 when the input has none, so that equal inputs get equal images
 * @param count number of images, 1 to 10
 */
record PredictionInput(JsonObject source, ImageParameters image, int count) {
    /** Message of cog for a missing input. */
    static final String FIELD_REQUIRED = "Field required";

    private static final int MAX_COUNT = 10;
    private static final int DEFAULT_SIDE_PIXELS = 512;

    /**
     * Parses the body of a submission. Ignores unknown inputs, as cog does.
     *
     * @throws SimulatorRequestException for the first invalid input, with a message of cog 0.23.1
     */
    static PredictionInput parse(JsonObject body) {
        JsonObject input = body.getValue("input") instanceof JsonObject object ? object : new JsonObject();
        Object prompt = input.getValue("prompt");
        if (prompt == null) {
            throw new SimulatorRequestException(FIELD_REQUIRED, "prompt");
        }
        if (!(prompt instanceof String text)) {
            throw wrongType(prompt, "prompt", "string");
        }
        long seed = parseNumber(input, "seed", 0, Long.MIN_VALUE, Long.MAX_VALUE);
        return new PredictionInput(
                input, new ImageParameters(text, seed, parseSide(input, "width"), parseSide(input, "height")), (int)
                        parseNumber(input, "num_outputs", 1, 1, MAX_COUNT));
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
            throw wrongType(value, name, "integer");
        }
        long number = ((Number) value).longValue();
        if (number < min) {
            throw new SimulatorRequestException(number + " is less than the minimum of " + min, name);
        }
        if (number > max) {
            throw new SimulatorRequestException(number + " is greater than the maximum of " + max, name);
        }
        return number;
    }

    private static SimulatorRequestException wrongType(Object value, String name, String type) {
        return new SimulatorRequestException(Json.encode(value) + " is not of type \"" + type + "\"", name);
    }
}

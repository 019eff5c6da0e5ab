package dev.darkroom.simulator.bfl;

import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonObject;

/**
 * A valid submission. Immutable.
 *
 * @param image the seed is 0 when the request has none, so that equal requests get equal images
 */
record TaskRequest(ImageParameters image) {
    private static final int DEFAULT_SIDE_PIXELS = 1024;

    /**
     * Parses the body. Ignores other fields.
     *
     * @throws SimulatorRequestException for the first invalid field
     */
    static TaskRequest parse(JsonObject body) {
        if (!(body.getValue("prompt") instanceof String prompt)) {
            throw new SimulatorRequestException("Field required", "prompt");
        }
        return new TaskRequest(new ImageParameters(
                prompt,
                parseNumber(body, "seed", 0, 0, Long.MAX_VALUE),
                parseSide(body, "width"),
                parseSide(body, "height")));
    }

    private static int parseSide(JsonObject body, String field) {
        return (int) parseNumber(
                body, field, DEFAULT_SIDE_PIXELS, PlaceholderImageRenderer.MIN_SIDE, PlaceholderImageRenderer.MAX_SIDE);
    }

    private static long parseNumber(JsonObject body, String field, long defaultValue, long min, long max) {
        Object value = body.getValue(field, defaultValue);
        if (value instanceof Number number && number.longValue() >= min && number.longValue() <= max) {
            return number.longValue();
        }
        throw new SimulatorRequestException("Input should be a valid integer from " + min + " to " + max, field);
    }
}

package dev.darkroom.simulator.callback;

import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonObject;

/**
 * The parameters of a job. Immutable.
 *
 * @param count 1 to 10
 */
record CallbackJobRequest(String id, ImageParameters image, int count, String callbackUrl) {
    private static final int MAX_COUNT = 10;

    /** @throws SimulatorRequestException for the first invalid field */
    static CallbackJobRequest parse(JsonObject body) {
        parseNumber(body, "version", 1, 1);
        ImageParameters image = new ImageParameters(
                parseText(body, "prompt"),
                parseNumber(body, "seed", 0, Integer.MAX_VALUE),
                (int) parseNumber(body, "width", PlaceholderImageRenderer.MIN_SIDE, PlaceholderImageRenderer.MAX_SIDE),
                (int) parseNumber(
                        body, "height", PlaceholderImageRenderer.MIN_SIDE, PlaceholderImageRenderer.MAX_SIDE));
        return new CallbackJobRequest(
                parseText(body, "id"),
                image,
                (int) parseNumber(body, "count", 1, MAX_COUNT),
                parseText(body, "callbackUrl"));
    }

    private static String parseText(JsonObject body, String key) {
        if (body.getValue(key) instanceof String text && !text.isBlank()) {
            return text;
        }
        throw new SimulatorRequestException("'" + key + "' must be a string that is not blank.", key);
    }

    private static long parseNumber(JsonObject body, String key, long min, long max) {
        Object value = body.getValue(key);
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw new SimulatorRequestException("'" + key + "' must be a whole number, " + min + " to " + max + ".", key);
    }
}

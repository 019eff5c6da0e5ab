package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of {@code POST /v1/images/generations}. Immutable.
 *
 * @param image the seed is 0 when the request has none, so that equal requests get equal images
 * @param count 1 to 10
 * @param asUrl whether to return URLs instead of Base64
 */
record SimulatorImageRequest(ImageParameters image, int count, boolean asUrl) {
    private static final int MAX_PROMPT_LENGTH = 32_000;
    private static final int MAX_COUNT = 10;
    private static final int DEFAULT_SIDE_PIXELS = 512;
    private static final Pattern SIZE = Pattern.compile("(\\d{1,4})x(\\d{1,4})");

    /**
     * Parses a request. Ignores unknown fields, since the protocol is extended often.
     *
     * @throws SimulatorRequestException for the first invalid field
     */
    static SimulatorImageRequest parse(JsonObject body) {
        int[] size = parseSize(body.getValue("size"));
        requireText(body, "model");
        requireText(body, "negative_prompt");
        String prompt = parsePrompt(body.getValue("prompt"));
        int count = (int) parseNumber(body, "n", 1, 1, MAX_COUNT);
        long seed = parseNumber(body, "seed", 0, Long.MIN_VALUE, Long.MAX_VALUE);
        return new SimulatorImageRequest(
                new ImageParameters(prompt, seed, size[0], size[1]),
                count,
                isUrlFormat(body.getValue("response_format")));
    }

    /** Returns the same request for images that depend on others. */
    SimulatorImageRequest basedOn(List<SimulatorInputImage> images) {
        return new SimulatorImageRequest(
                new ImageParameters(
                        image.prompt(),
                        SimulatorInputImage.mixSeed(image.seed(), images),
                        image.width(),
                        image.height()),
                count,
                asUrl);
    }

    private static String parsePrompt(Object value) {
        if (value == null) {
            throw new SimulatorRequestException("You must provide a prompt.", "prompt");
        }
        if (!(value instanceof String prompt) || prompt.isBlank()) {
            throw new SimulatorRequestException("'prompt' must be a string that is not blank.", "prompt");
        }
        if (prompt.codePointCount(0, prompt.length()) > MAX_PROMPT_LENGTH) {
            throw new SimulatorRequestException(
                    "'prompt' is longer than " + MAX_PROMPT_LENGTH + " characters.", "prompt");
        }
        return prompt;
    }

    private static int[] parseSize(Object value) {
        if (value == null || "auto".equals(value)) {
            return new int[] {DEFAULT_SIDE_PIXELS, DEFAULT_SIDE_PIXELS};
        }
        Matcher matcher = SIZE.matcher(value.toString());
        if (matcher.matches()) {
            int width = Integer.parseInt(matcher.group(1));
            int height = Integer.parseInt(matcher.group(2));
            if (isValidSide(width) && isValidSide(height)) {
                return new int[] {width, height};
            }
        }
        throw new SimulatorRequestException(
                "'size' must be \"auto\" or WIDTHxHEIGHT, each " + PlaceholderImageRenderer.MIN_SIDE + " to "
                        + PlaceholderImageRenderer.MAX_SIDE + ".",
                "size");
    }

    private static boolean isValidSide(int side) {
        return side >= PlaceholderImageRenderer.MIN_SIDE && side <= PlaceholderImageRenderer.MAX_SIDE;
    }

    private static boolean isUrlFormat(Object format) {
        if (format == null || "b64_json".equals(format)) {
            return false;
        }
        if ("url".equals(format)) {
            return true;
        }
        throw new SimulatorRequestException("'response_format' must be \"b64_json\" or \"url\".", "response_format");
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
        throw new SimulatorRequestException("'" + key + "' must be a whole number, " + min + " to " + max + ".", key);
    }

    private static void requireText(JsonObject body, String key) {
        Object value = body.getValue(key);
        if (value != null && !(value instanceof String)) {
            throw new SimulatorRequestException("'" + key + "' must be a string.", key);
        }
    }
}

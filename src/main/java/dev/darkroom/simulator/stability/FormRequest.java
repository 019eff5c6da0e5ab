package dev.darkroom.simulator.stability;

import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.image.ImageParameters;
import io.vertx.core.MultiMap;
import java.util.Set;

/**
 * A valid submission. Immutable.
 *
 * @param image the seed is 0 when the request has none, so that equal requests get equal images
 */
record FormRequest(ImageParameters image) {
    private static final Set<String> ASPECT_RATIOS =
            Set.of("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21");
    private static final int PIXELS = 1024 * 1024;
    private static final int SIDE_STEP = 64;
    private static final long MAX_SEED = 4_294_967_294L;

    /**
     * Parses the fields of a form. Ignores further fields.
     *
     * @throws SimulatorRequestException for the first invalid field
     */
    static FormRequest parse(MultiMap fields) {
        String prompt = fields.get("prompt");
        if (prompt == null || prompt.isEmpty()) {
            throw new SimulatorRequestException("prompt: is required", "prompt");
        }
        String ratio = fields.contains("aspect_ratio") ? fields.get("aspect_ratio") : "1:1";
        if (!ASPECT_RATIOS.contains(ratio)) {
            throw new SimulatorRequestException(
                    "aspect_ratio: must be one of " + String.join(", ", ASPECT_RATIOS), "aspect_ratio");
        }
        String[] sides = ratio.split(":", -1);
        double quotient = Double.parseDouble(sides[0]) / Double.parseDouble(sides[1]);
        return new FormRequest(
                new ImageParameters(prompt, parseSeed(fields.get("seed")), side(quotient), side(1 / quotient)));
    }

    /** Returns a side of an image of one megapixel. */
    private static int side(double quotient) {
        return (int) Math.round(Math.sqrt(PIXELS * quotient) / SIDE_STEP) * SIDE_STEP;
    }

    private static long parseSeed(String text) {
        try {
            long seed = text == null ? 0 : Long.parseLong(text);
            if (seed >= 0 && seed <= MAX_SEED) {
                return seed;
            }
        } catch (NumberFormatException e) {
            // As a number out of range.
        }
        throw new SimulatorRequestException("seed: must be a number from 0 to " + MAX_SEED, "seed");
    }
}

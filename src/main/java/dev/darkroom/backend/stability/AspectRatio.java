package dev.darkroom.backend.stability;

import dev.darkroom.backend.RequestLimits.ImageSize;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The ratios of width and height that the AI server accepts in place of a size. Pure functions. */
final class AspectRatio {
    /** The accepted values of {@code aspect_ratio} by the reduced ratio. */
    private static final Map<String, String> VALUES = Map.of(
            "1:1", "1:1", "16:9", "16:9", "9:16", "9:16", "7:3", "21:9", "3:7", "9:21", "3:2", "3:2", "2:3", "2:3",
            "5:4", "5:4", "4:5", "4:5");

    /** Sizes with one of the ratios, in order of preference. */
    static final List<ImageSize> SIZES = Stream.of(
                    "1024x1024",
                    "1536x1024",
                    "1024x1536",
                    "1280x720",
                    "720x1280",
                    "1280x1024",
                    "1024x1280",
                    "1680x720",
                    "720x1680",
                    "1536x1536",
                    "1152x768",
                    "768x1152",
                    "1920x1080",
                    "1080x1920",
                    "960x768",
                    "768x960",
                    "1344x576",
                    "576x1344",
                    "1024x576",
                    "576x1024",
                    "768x768",
                    "512x512")
            .map(ImageSize::parse)
            .toList();

    private AspectRatio() {}

    /** Returns the value of {@code aspect_ratio} for a size; null when the AI server does not accept its ratio. */
    static String find(int width, int height) {
        int divisor = BigInteger.valueOf(width).gcd(BigInteger.valueOf(height)).intValue();
        return VALUES.get(width / divisor + ":" + height / divisor);
    }
}

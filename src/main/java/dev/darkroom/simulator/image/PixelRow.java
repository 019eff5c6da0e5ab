package dev.darkroom.simulator.image;

/** One row of an image with more precision per channel than the file has. Mutable, reused for every row. */
final class PixelRow {
    private final double[] channels;

    PixelRow(int width) {
        channels = new double[width * 3];
    }

    /** Sets all pixels to a color between two colors, without rounding it. */
    void fill(int from, int to, double share) {
        blend(0, from, 1);
        blend(0, to, share);
        for (int i = 3; i < channels.length; i++) {
            channels[i] = channels[i - 3];
        }
    }

    /**
     * Blends a color over a pixel.
     *
     * @param rgb as 0xRRGGBB
     * @param opacity 0 to 1
     */
    void blend(int column, int rgb, double opacity) {
        int i = column * 3;
        channels[i] += (((rgb >> 16) & 0xFF) - channels[i]) * opacity;
        channels[i + 1] += (((rgb >> 8) & 0xFF) - channels[i + 1]) * opacity;
        channels[i + 2] += ((rgb & 0xFF) - channels[i + 2]) * opacity;
    }

    /** Returns a color between two colors. */
    static int mix(int from, int to, double share) {
        int mixed = 0;
        for (int shift = 0; shift <= 16; shift += 8) {
            int start = (from >> shift) & 0xFF;
            mixed |= (int) (start + (((to >> shift) & 0xFF) - start) * share + 0.5) << shift;
        }
        return mixed;
    }

    /** Rounds to bytes, red first. Interleaved gradient noise (Jimenez) keeps gradients from showing bands. */
    void quantize(int y, byte[] samples) {
        for (int i = 0; i < samples.length; i += 3) {
            double noise = fraction(52.9829189 * fraction(0.06711056 * i + 0.00583715 * y));
            samples[i] = (byte) (channels[i] + noise);
            samples[i + 1] = (byte) (channels[i + 1] + noise);
            samples[i + 2] = (byte) (channels[i + 2] + noise);
        }
    }

    private static double fraction(double value) {
        return value - (int) value;
    }
}

package dev.darkroom.simulator.picture;

/**
 * Makes the pictures of the simulator: a landscape whose colours and shapes come from prompt and seed, with the prompt and the
 * word "simulator" written on it. The same input gives the same pixels on every machine and JDK (basic floating-point
 * arithmetic only, exact since JEP 306, and no fonts), and the same bytes wherever the JDK's zlib is the same. Stateless and
 * thread-safe. Takes long, tens of milliseconds and more: never call it on an event loop.
 */
public final class PictureRenderer {
    /** Shortest side of a picture in pixels. */
    public static final int MIN_SIDE = 64;

    /** Longest side of a picture in pixels. */
    public static final int MAX_SIDE = 2048;

    /**
     * Renders one picture.
     *
     * @param prompt never null; any length, written as far as there is room
     * @param seed any number; another seed is another picture
     * @param width in pixels, {@link #MIN_SIDE} to {@link #MAX_SIDE}
     * @param height in pixels, {@link #MIN_SIDE} to {@link #MAX_SIDE}
     * @param position which of the pictures asked for together, from 0: others differ in their land, not in their mood
     * @return a PNG file of exactly this size
     * @throws IllegalArgumentException for a side out of range
     */
    public byte[] render(String prompt, long seed, int width, int height, int position) {
        checkSide(width);
        checkSide(height);
        Frame frame = new Frame(width, height);
        Scene scene = new Scene(frame, prompt, seed, position);
        Caption caption = new Caption(frame, prompt, scene.palette());
        Png png = new Png(frame);
        Pixel pixel = new Pixel();
        byte[] samples = new byte[width * 3];
        for (int row = 0; row < height; row++) {
            for (int column = 0; column < width; column++) {
                scene.paint(pixel, column, row);
                caption.paint(pixel, column, row);
                double grain = grain(column, row);
                samples[column * 3] = sample(pixel.red, grain);
                samples[column * 3 + 1] = sample(pixel.green, grain);
                samples[column * 3 + 2] = sample(pixel.blue, grain);
            }
            png.row(samples);
        }
        return png.file();
    }

    /** A fine regular grain, 0 to 1, that keeps soft gradients from showing steps (Jimenez: interleaved gradient noise). */
    private static double grain(int column, int row) {
        double value = 0.06711056 * column + 0.00583715 * row;
        double scattered = 52.9829189 * (value - Math.floor(value));
        return scattered - Math.floor(scattered);
    }

    private static byte sample(double part, double grain) {
        return (byte) Shape.clamp(part * 255 + grain, 0, 255);
    }

    private static void checkSide(int side) {
        if (side < MIN_SIDE || side > MAX_SIDE) {
            throw new IllegalArgumentException(
                    "a side of a picture has " + MIN_SIDE + " to " + MAX_SIDE + " pixels, not " + side);
        }
    }
}

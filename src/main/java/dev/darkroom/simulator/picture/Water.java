package dev.darkroom.simulator.picture;

/** A lake in front of the hills that mirrors what stands above its shore. Immutable. */
final class Water {
    private final Frame frame;
    private final double shore;
    private final Palette palette;
    private final Noise ripples;

    /** @param shore where the water begins, as a share of the height */
    Water(Frame frame, Palette palette, double shore, Dice dice) {
        this.frame = frame;
        this.palette = palette;
        this.shore = shore * frame.height();
        this.ripples = new Noise(dice.nextLong());
    }

    boolean covers(double y) {
        return y >= shore;
    }

    /** The column whose mirror image is seen at a point. */
    int mirroredColumn(double x, double y) {
        double depth = (y - shore) / frame.unit();
        double shift = ripple(x, y) * (0.002 + 0.05 * depth) * frame.unit();
        return (int) Shape.clamp(x + shift, 0, frame.width() - 1.0);
    }

    /** The height in pixels whose mirror image is seen at a point. */
    double mirroredY(double x, double y) {
        double depth = y - shore;
        return shore - depth * 1.15 - ripple(x + 31, y) * depth * 0.12;
    }

    /** What water does to what it mirrors: darker the nearer it is, with a glitter under the light. */
    void paint(Pixel pixel, double x, double y, double lightX) {
        double depth = (y - shore) / (frame.height() - shore);
        pixel.over(palette.near(), 0.12 + 0.4 * depth);
        double aside = (x - lightX) / frame.unit();
        double crest = Shape.smooth(0.05, 0.6, ripple(x, y));
        pixel.shine(palette.light(), crest * 0.5 * Shape.bell(aside, 0.05 + 0.12 * depth));
        pixel.shine(palette.horizon(), 0.25 * Shape.smooth(0.02, 0, depth));
    }

    private double ripple(double x, double y) {
        // Foreshortened: waves are finer towards the far shore.
        double depth = (y - shore) / frame.unit() + 0.03;
        return ripples.fractal(x / frame.unit() * 2.2 / (depth + 0.1), 7 / depth, 2);
    }
}

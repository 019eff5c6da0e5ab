package dev.darkroom.simulator.picture;

/**
 * One range of hills from edge to edge: everything below its crest. The crest is sampled several times per column, which is
 * what smooths steep slopes. Immutable.
 */
final class Ridge {
    private static final int SAMPLES = 4;

    private final float[] crest;
    private final float[] foot;
    private final Colour colour;
    private final Mist mist;

    /** The height of a crest. */
    @FunctionalInterface
    interface Profile {
        /** The crest in pixels from the top, at {@code x} pixels from the left. */
        double crest(double x);
    }

    /**
     * Fog before a range. It lies level, whatever the crest does.
     *
     * @param top where it begins, in pixels from the top
     * @param depth how far below it is thickest, in pixels
     * @param thickness 0 to 1
     */
    record Mist(Colour colour, double top, double depth, double thickness) {}

    Ridge(Frame frame, Profile profile, Colour colour, Mist mist) {
        this.crest = new float[frame.width() * SAMPLES];
        this.foot = new float[frame.width()];
        this.colour = colour;
        this.mist = mist;
        for (int i = 0; i < crest.length; i++) {
            crest[i] = (float) profile.crest((i + 0.5) / SAMPLES);
            int column = i / SAMPLES;
            foot[column] = i % SAMPLES == 0 ? crest[i] : Math.max(foot[column], crest[i]);
        }
    }

    /** True when nothing behind this range can be seen at a point. */
    boolean hides(int column, double y) {
        return y - foot[column] >= 0.5;
    }

    void paint(Pixel pixel, int column, double y) {
        double covered = 1;
        if (!hides(column, y)) {
            covered = 0;
            for (int i = column * SAMPLES; i < (column + 1) * SAMPLES; i++) {
                covered += Shape.clamp(y - crest[i] + 0.5, 0, 1) / SAMPLES;
            }
        }
        if (covered > 0) {
            double fog = mist.thickness() * Shape.smooth(mist.top(), mist.top() + mist.depth(), y);
            pixel.over(
                    colour.red() + (mist.colour().red() - colour.red()) * fog,
                    colour.green() + (mist.colour().green() - colour.green()) * fog,
                    colour.blue() + (mist.colour().blue() - colour.blue()) * fog,
                    covered);
        }
    }
}

package dev.darkroom.simulator.picture;

/** The hills of a scene, far to near: what is far is pale and jagged, what is near is dark and round, some of it wooded. */
final class Terrain {
    private static final int RANGES = 5;

    private final Frame frame;
    private final Palette palette;
    private final Ridge[] ridges = new Ridge[RANGES];

    /** @param horizon where the hills begin, as a share of the height */
    Terrain(Frame frame, Palette palette, double horizon, Dice dice) {
        this.frame = frame;
        this.palette = palette;
        boolean peaks = dice.chance(0.6);
        boolean wooded = dice.chance(0.65);
        for (int range = 0; range < RANGES; range++) {
            double nearness = range / (RANGES - 1.0);
            double base =
                    frame.height() * (horizon + 0.04 + 0.05 * nearness + (0.86 - horizon) * 0.62 * nearness * nearness);
            Noise noise = new Noise(dice.nextLong());
            Ridge.Profile profile = peaks && range < 2
                    ? peaks(noise, base, range == 0 ? 0.24 : 0.15)
                    : hills(noise, base, 0.13 - 0.05 * nearness, dice.between(1.1, 1.8));
            if (wooded && range >= RANGES - 2) {
                profile = new Wood(frame, profile, range == RANGES - 1 ? 1 : 0.5, dice.nextLong());
            }
            ridges[range] = new Ridge(frame, profile, colour(nearness), mist(nearness, base));
        }
    }

    /** The nearest range that hides everything behind it at a point; -1 when the sky can be seen there. */
    int farthestSeen(int column, double y) {
        int range = RANGES - 1;
        while (range >= 0 && !ridges[range].hides(column, y)) {
            range--;
        }
        return range;
    }

    /** Paints the ranges from {@code farthest} to the nearest. */
    void paint(Pixel pixel, int farthest, int column, double y) {
        for (int range = farthest; range < RANGES; range++) {
            ridges[range].paint(pixel, column, y);
        }
    }

    private Colour colour(double nearness) {
        return palette.horizon()
                .mix(palette.far(), 0.55 + 0.45 * Shape.smooth(0, 0.35, nearness))
                .mix(palette.near(), nearness * (0.65 + 0.35 * nearness));
    }

    private Ridge.Mist mist(double nearness, double base) {
        double thickness = (palette.night() ? 0.4 : 0.6) * (1 - nearness);
        return new Ridge.Mist(
                palette.horizon().mix(palette.far(), 0.35),
                base - 0.08 * frame.height(),
                0.2 * frame.height(),
                thickness);
    }

    private Ridge.Profile hills(Noise noise, double base, double swing, double frequency) {
        double unit = frame.unit();
        return x -> base - frame.height() * swing * noise.fractal(x / unit * frequency, 5, 0.36);
    }

    private Ridge.Profile peaks(Noise noise, double base, double height) {
        double unit = frame.unit();
        return x -> {
            double position = x / unit;
            double fold = 1 - Math.abs(noise.fractal(position * 1.5, 2, 0.4)) * 1.9;
            double rough = noise.fractal(position * 7 + 11, 4, 0.5);
            return base - frame.height() * height * (Math.max(-0.2, fold) * 0.85 + rough * 0.2);
        };
    }
}

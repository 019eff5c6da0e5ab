package dev.darkroom.simulator.image;

import java.util.Random;

/** Layers of mountains and hills under a sun or moon. */
final class Landscape {
    /** Zenith, horizon, sun and nearest land as 0xRRGGBB. */
    private static final int[][] PALETTES = {
        {0x0B1026, 0x3A5078, 0xF2F1E6, 0x070B16}, // night
        {0x2B3A67, 0xF4A97B, 0xFFF0D0, 0x1E2438}, // dusk
        {0x3F72AF, 0xE6EEF2, 0xFFFDF0, 0x1F4037}, // day
        {0x6A4C93, 0xF7B2AD, 0xFFE9D6, 0x2B1E3F}, // dawn
        {0x1D6B75, 0xF6E3B4, 0xFFF8DC, 0x12302F}, // morning
        {0xA8473A, 0xFBC86B, 0xFFF3C4, 0x3B1622}, // sunset
    };

    private static final int LAYERS = 6;
    private static final int NOISE_SIZE = 1024;

    private final int width;
    private final int height;
    private final double unit;
    private final int zenith;
    private final int horizon;
    private final int sun;
    private final double sunX;
    private final double sunY;
    private final double sunRadius;
    private final double[] noise;
    private final int[] colors = new int[LAYERS];
    private final double[][] outlines = new double[LAYERS][];

    /**
     * @param mood the seed of the colors
     * @param position index of the image; with the mood, the seed of the shapes
     */
    Landscape(int width, int height, long mood, int position) {
        this.width = width;
        this.height = height;
        this.unit = Math.sqrt((double) width * height);
        Random palettes = new Random(scramble(mood));
        int[] main = PALETTES[palettes.nextInt(PALETTES.length)];
        int[] other = PALETTES[palettes.nextInt(PALETTES.length)];
        double share = palettes.nextDouble() * 0.35;
        this.zenith = PixelRow.mix(main[0], other[0], share);
        this.horizon = PixelRow.mix(main[1], other[1], share);
        this.sun = PixelRow.mix(main[2], other[2], share);
        int land = PixelRow.mix(main[3], other[3], share);
        Random shapes = new Random(scramble(scramble(mood) + position));
        this.noise = shapes.doubles(NOISE_SIZE).toArray();
        this.sunX = width * (0.2 + shapes.nextDouble() * 0.6);
        this.sunY = height * (0.15 + shapes.nextDouble() * 0.25);
        this.sunRadius = unit * (0.045 + shapes.nextDouble() * 0.035);
        double top = height * (0.45 + shapes.nextDouble() * 0.15);
        for (int layer = 0; layer < LAYERS; layer++) {
            double nearness = layer / (LAYERS - 1.0);
            colors[layer] = PixelRow.mix(horizon, land, 0.12 + 0.88 * nearness);
            outlines[layer] = outline(layer * 97, nearness, top + (height * 0.92 - top) * nearness);
        }
    }

    /** Far outlines are rugged mountains, near ones smooth hills. */
    private double[] outline(double start, double nearness, double base) {
        double[] outline = new double[width];
        for (int x = 0; x < width; x++) {
            double rise = 0;
            double share = 0.5;
            for (double frequency = 1.7; frequency < 120 - 100 * nearness; frequency *= 2) {
                double hill = noise(start + x / unit * frequency);
                double peak = 1 - Math.abs(2 * hill - 1);
                rise += share * (peak + (hill - peak) * nearness);
                share *= 0.5 - 0.15 * nearness;
            }
            outline[x] = base + height * (0.34 - 0.2 * nearness) * (0.4 - rise);
        }
        return outline;
    }

    void paint(PixelRow row, int y) {
        double down = clamp(y / (height * 0.6));
        row.fill(zenith, horizon, smooth(down));
        for (int x = 0; x < width; x++) {
            int layer = LAYERS - 1;
            while (layer >= 0 && y < outlines[layer][x] + 1) {
                layer--;
            }
            if (layer < 0) {
                paintSky(row, x, y, down);
            }
            for (layer = Math.max(0, layer); layer < LAYERS; layer++) {
                double below = y - outlines[layer][x];
                if (below > 0) {
                    double coverage = clamp(below);
                    double mist = Math.min(0.09 * (LAYERS - 1 - layer), below / height * 2);
                    row.blend(x, colors[layer], coverage);
                    row.blend(x, horizon, coverage * mist);
                }
            }
        }
    }

    /** Paints clouds and the sun over the color of the row. */
    private void paintSky(PixelRow row, int x, int y, double down) {
        double cloud = noise(x / unit * 2 + y / unit * 5) * noise(y / unit * 17 - x / unit * 1.3);
        if (cloud > 0.25) {
            row.blend(x, sun, (cloud - 0.25) * 0.6 * down);
        }
        double dx = x - sunX;
        double dy = y - sunY;
        double square = dx * dx + dy * dy;
        row.blend(x, sun, 0.5 / (1 + square / (sunRadius * sunRadius) * 0.14));
        // The square root is needed near the sun only.
        if (square < (sunRadius + 1) * (sunRadius + 1)) {
            row.blend(x, sun, clamp(sunRadius - Math.sqrt(square) + 0.5));
        }
    }

    /** Smooth random values, 0 to 1, that change over a distance of about 1. */
    private double noise(double x) {
        int cell = x < 0 ? (int) x - 1 : (int) x;
        double left = noise[cell & (NOISE_SIZE - 1)];
        return left + (noise[(cell + 1) & (NOISE_SIZE - 1)] - left) * smooth(x - cell);
    }

    private static double smooth(double share) {
        return share * share * (3 - 2 * share);
    }

    private static double clamp(double share) {
        return share < 0 ? 0 : share > 1 ? 1 : share;
    }

    /** Spreads each bit over all (SplitMix64): {@link Random} drops the upper 16 and starts alike for similar seeds. */
    private static long scramble(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}

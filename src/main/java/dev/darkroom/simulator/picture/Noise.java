package dev.darkroom.simulator.picture;

/** Smooth value noise on a lattice of hashed numbers, between -1 and 1. Immutable. */
final class Noise {
    private static final double LACUNARITY = 2.03;

    private final long seed;

    Noise(long seed) {
        this.seed = seed;
    }

    double at(double x, double y) {
        double floorX = Math.floor(x);
        double floorY = Math.floor(y);
        long cellX = (long) floorX;
        long cellY = (long) floorY;
        double u = ease(x - floorX);
        double v = ease(y - floorY);
        double top = mix(lattice(cellX, cellY), lattice(cellX + 1, cellY), u);
        double bottom = mix(lattice(cellX, cellY + 1), lattice(cellX + 1, cellY + 1), u);
        return mix(top, bottom, v);
    }

    double at(double x) {
        double floor = Math.floor(x);
        long cell = (long) floor;
        return mix(lattice(cell, 0), lattice(cell + 1, 0), ease(x - floor));
    }

    /** Several octaves laid over each other, each twice as fine and {@code gain} times as strong as the one before. */
    double fractal(double x, int octaves, double gain) {
        double sum = 0;
        double total = 0;
        double strength = 1;
        double frequency = 1;
        for (int octave = 0; octave < octaves; octave++) {
            sum += strength * at(x * frequency + octave * 17.3);
            total += strength;
            strength *= gain;
            frequency *= LACUNARITY;
        }
        return sum / total;
    }

    /** {@link #fractal(double, int, double)} over a plane, with half the strength per octave. */
    double fractal(double x, double y, int octaves) {
        double sum = 0;
        double total = 0;
        double strength = 1;
        double frequency = 1;
        for (int octave = 0; octave < octaves; octave++) {
            sum += strength * at(x * frequency + octave * 17.3, y * frequency - octave * 9.1);
            total += strength;
            strength *= 0.5;
            frequency *= LACUNARITY;
        }
        return sum / total;
    }

    private double lattice(long x, long y) {
        return Dice.fraction(Dice.mix(seed + x * 0x9E3779B97F4A7C15L + y * 0xC2B2AE3D27D4EB4FL)) * 2 - 1;
    }

    private static double ease(double t) {
        return t * t * t * (t * (t * 6 - 15) + 10);
    }

    private static double mix(double a, double b, double t) {
        return a + (b - a) * t;
    }
}

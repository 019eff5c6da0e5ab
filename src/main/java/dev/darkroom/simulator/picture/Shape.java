package dev.darkroom.simulator.picture;

/** Curves without transcendental functions, whose last bits may differ from machine to machine. */
final class Shape {
    private Shape() {}

    static double clamp(double value, double low, double high) {
        return value < low ? low : Math.min(value, high);
    }

    /** 0 below {@code from}, 1 above {@code to}, smooth in between. */
    static double smooth(double from, double to, double value) {
        double t = clamp((value - from) / (to - from), 0, 1);
        return t * t * (3 - 2 * t);
    }

    /** A bell: 1 at 0, a quarter at {@code width}, towards 0 beyond. */
    static double bell(double distance, double width) {
        double ratio = distance / width;
        double root = 1 / (1 + ratio * ratio);
        return root * root;
    }
}

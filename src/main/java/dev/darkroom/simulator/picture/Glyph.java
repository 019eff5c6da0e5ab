package dev.darkroom.simulator.picture;

import java.util.ArrayList;
import java.util.List;

/**
 * A character as the pen draws it. Immutable.
 *
 * @param width from the leftmost to the rightmost middle of a stroke, in half units
 * @param strokes each a polyline x0, y0, x1, y1, … in half units, y upwards
 */
record Glyph(int width, List<double[]> strokes) {
    private static final double CORNER = 4;
    private static final int CORNER_STEPS = 6;

    /** Reads strokes as {@link Glyphs} writes them. */
    static Glyph parse(String text) {
        int width = 0;
        List<double[]> strokes = new ArrayList<>();
        for (String word : text.split(" ", -1)) {
            boolean round = word.length() > 1 && word.charAt(0) == '~';
            String digits = round ? word.substring(1) : word;
            double[] points = new double[digits.length()];
            for (int i = 0; i < points.length; i++) {
                int digit = Character.digit(digits.charAt(i), 36);
                points[i] = digit;
                width = i % 2 == 0 ? Math.max(width, digit) : width;
            }
            strokes.add(round ? rounded(points) : points);
        }
        // A whole number of units, so that the next letter stands on the pixel grid again.
        return new Glyph(width + width % 2, List.copyOf(strokes));
    }

    /** Replaces each inner corner by a curve, as wide as the sides allow. */
    private static double[] rounded(double[] points) {
        int last = points.length - 2;
        List<Double> path = new ArrayList<>(List.of(points[0], points[1]));
        for (int i = 2; i < last; i += 2) {
            double before = length(points, i - 2, i);
            double after = length(points, i, i + 2);
            // A side with a corner at each end is shared between the two.
            double radius = Math.min(CORNER, Math.min(i == 2 ? before : before / 2, i == last - 2 ? after : after / 2));
            double startX = points[i] + (points[i - 2] - points[i]) * radius / before;
            double startY = points[i + 1] + (points[i - 1] - points[i + 1]) * radius / before;
            double endX = points[i] + (points[i + 2] - points[i]) * radius / after;
            double endY = points[i + 1] + (points[i + 3] - points[i + 1]) * radius / after;
            for (int step = 0; step <= CORNER_STEPS; step++) {
                double t = step / (double) CORNER_STEPS;
                path.add(bend(startX, points[i], endX, t));
                path.add(bend(startY, points[i + 1], endY, t));
            }
        }
        path.add(points[last]);
        path.add(points[last + 1]);
        return path.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Between a parabola and the corner itself: close to a quarter of a circle. */
    private static double bend(double from, double corner, double to, double t) {
        double rest = 1 - t;
        double control1 = from + (corner - from) * 0.5523;
        double control2 = to + (corner - to) * 0.5523;
        return rest * rest * rest * from
                + 3 * rest * rest * t * control1
                + 3 * rest * t * t * control2
                + t * t * t * to;
    }

    private static double length(double[] points, int from, int to) {
        double dx = points[to] - points[from];
        double dy = points[to + 1] - points[from + 1];
        return Math.sqrt(dx * dx + dy * dy);
    }
}

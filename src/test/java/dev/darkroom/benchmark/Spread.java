package dev.darkroom.benchmark;

import java.util.List;
import java.util.Locale;

/** What several rounds say together. */
record Spread(double median, double least, double most) {

    static Spread of(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(median, sorted.get(0), sorted.get(sorted.size() - 1));
    }

    /** Median, and in brackets the least and the most. */
    String text(int decimals) {
        return number(median, decimals) + " (" + number(least, decimals) + " to " + number(most, decimals) + ")";
    }

    static String number(double value, int decimals) {
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}

package dev.darkroom.benchmark;

import java.util.List;
import java.util.Locale;

/** Median, minimum and maximum of several rounds. */
record MedianWithRange(double median, double minimum, double maximum) {

    static MedianWithRange of(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new MedianWithRange(median, sorted.get(0), sorted.get(sorted.size() - 1));
    }

    /** Formats the median, with minimum and maximum in brackets. */
    String format(int decimals) {
        return formatNumber(median, decimals) + " (" + formatNumber(minimum, decimals) + " to "
                + formatNumber(maximum, decimals) + ")";
    }

    static String formatNumber(double value, int decimals) {
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}

package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Several rounds against each of several sides, in turn: A B C A B C. Whatever slows the machine for a while slows all of
 * them, and the ratio is taken between neighbours.
 */
final class InterleavedComparison {
    private final String title;
    private final Map<ComparedSystem, List<RoundMeasurement>> measurements = new LinkedHashMap<>();

    /** Makes every round begin alike. */
    interface Preparation {
        void prepare() throws Exception;
    }

    private InterleavedComparison(String title) {
        this.title = title;
    }

    /**
     * Runs all rounds, after one that warms up and is not counted.
     *
     * @param sides what is measured first, then what it is compared with
     */
    static InterleavedComparison run(
            String title,
            List<ComparedSystem> sides,
            int count,
            Duration time,
            ApiBenchmarkDatabase database,
            Preparation before)
            throws Exception {
        InterleavedComparison interleavedComparison = new InterleavedComparison(title);
        for (ComparedSystem comparedSystem : sides) {
            comparedSystem.load().run(time);
            interleavedComparison.measurements.put(comparedSystem, new ArrayList<>());
        }
        for (int i = 0; i < count; i++) {
            for (ComparedSystem comparedSystem : sides) {
                before.prepare();
                RoundMeasurement roundMeasurement = RoundMeasurement.measure(comparedSystem, time, database);
                interleavedComparison.measurements.get(comparedSystem).add(roundMeasurement);
                System.err.printf(
                        "%s, %s: %s/s%n",
                        title,
                        comparedSystem.name(),
                        MedianWithRange.formatNumber(
                                roundMeasurement.loadResult().rate(), 0));
            }
        }
        return interleavedComparison;
    }

    String title() {
        return title;
    }

    List<ComparedSystem> systems() {
        return List.copyOf(measurements.keySet());
    }

    MedianWithRange medianOf(ComparedSystem comparedSystem, ToDoubleFunction<RoundMeasurement> figure) {
        return MedianWithRange.of(measurements.get(comparedSystem).stream()
                .map(figure::applyAsDouble)
                .toList());
    }

    MedianWithRange rateOf(ComparedSystem comparedSystem) {
        return medianOf(
                comparedSystem,
                roundMeasurement -> roundMeasurement.loadResult().rate());
    }

    /** How much of a baseline's rate the first side reaches. */
    MedianWithRange ratiosTo(ComparedSystem baseline) {
        List<RoundMeasurement> first = measurements.get(systems().get(0));
        List<RoundMeasurement> other = measurements.get(baseline);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            ratios.add(
                    first.get(i).loadResult().rate() / other.get(i).loadResult().rate());
        }
        return MedianWithRange.of(ratios);
    }
}

package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Interleaved comparison of several systems in rounds: A B C A B C. A temporary slowdown of the machine affects all systems,
 * and ratios are computed between neighboring rounds.
 */
final class InterleavedComparison {
    private final String title;
    private final Map<ComparedSystem, List<RoundMeasurement>> measurements = new LinkedHashMap<>();

    /** Restores the initial state before each round. */
    interface Preparation {
        void prepare() throws Exception;
    }

    private InterleavedComparison(String title) {
        this.title = title;
    }

    /**
     * Runs one warm-up round and then all measured rounds.
     *
     * @param systems the measured system first, then its baselines
     */
    static InterleavedComparison run(
            String title,
            List<ComparedSystem> systems,
            int count,
            Duration time,
            ApiBenchmarkDatabase database,
            Preparation before)
            throws Exception {
        InterleavedComparison comparison = new InterleavedComparison(title);
        for (ComparedSystem system : systems) {
            system.load().run(time);
            comparison.measurements.put(system, new ArrayList<>());
        }
        for (int i = 0; i < count; i++) {
            for (ComparedSystem system : systems) {
                before.prepare();
                RoundMeasurement measurement = RoundMeasurement.measure(system, time, database);
                comparison.measurements.get(system).add(measurement);
                System.err.printf(
                        "%s, %s: %s/s%n",
                        title,
                        system.name(),
                        MedianWithRange.formatNumber(measurement.loadResult().rate(), 0));
            }
        }
        return comparison;
    }

    String title() {
        return title;
    }

    List<ComparedSystem> systems() {
        return List.copyOf(measurements.keySet());
    }

    MedianWithRange medianOf(ComparedSystem system, ToDoubleFunction<RoundMeasurement> figure) {
        return MedianWithRange.of(
                measurements.get(system).stream().map(figure::applyAsDouble).toList());
    }

    MedianWithRange rateOf(ComparedSystem system) {
        return medianOf(system, measurement -> measurement.loadResult().rate());
    }

    /** Returns the rate of the first system divided by the rate of a baseline. */
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

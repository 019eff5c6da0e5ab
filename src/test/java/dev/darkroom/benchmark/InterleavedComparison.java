package dev.darkroom.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Interleaved comparison of several systems in rounds of alternating order: A B C, C B A. A temporary slowdown of the machine
 * affects all systems, no system always follows the same one, and ratios are computed within a round.
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
     * Warms up each system and then runs all measured rounds.
     *
     * @param systems the measured system first, then its baselines
     */
    static InterleavedComparison run(
            String title,
            List<ComparedSystem> systems,
            BenchmarkOptions options,
            ApiBenchmarkDatabase database,
            Preparation before)
            throws Exception {
        InterleavedComparison comparison = new InterleavedComparison(title);
        for (ComparedSystem system : systems) {
            // In rounds, so that the queue does not reach its limit.
            for (Duration done = Duration.ZERO;
                    done.compareTo(options.warmUp()) < 0;
                    done = done.plus(options.roundDuration())) {
                before.prepare();
                system.load().run(options.roundDuration());
            }
            comparison.measurements.put(system, new ArrayList<>());
        }
        List<ComparedSystem> order = new ArrayList<>(systems);
        for (int i = 0; i < options.rounds(); i++) {
            for (ComparedSystem system : order) {
                before.prepare();
                RoundMeasurement measurement = RoundMeasurement.measure(system, options.roundDuration(), database);
                comparison.measurements.get(system).add(measurement);
                System.err.printf(
                        "%s, %s: %s/s%n",
                        title,
                        system.name(),
                        MedianWithRange.formatNumber(measurement.loadResult().rate(), 0));
            }
            Collections.reverse(order);
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
        return ratiosTo(baseline, measurement -> measurement.loadResult().rate());
    }

    /** Returns a figure of the first system divided by the same figure of a baseline. */
    MedianWithRange ratiosTo(ComparedSystem baseline, ToDoubleFunction<RoundMeasurement> figure) {
        List<RoundMeasurement> first = measurements.get(systems().get(0));
        List<RoundMeasurement> other = measurements.get(baseline);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            ratios.add(figure.applyAsDouble(first.get(i)) / figure.applyAsDouble(other.get(i)));
        }
        return MedianWithRange.of(ratios);
    }
}

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
final class Comparison {
    private final String title;
    private final Map<Side, List<Measured>> rounds = new LinkedHashMap<>();

    /** Makes every round begin alike. */
    interface Preparation {
        void prepare() throws Exception;
    }

    private Comparison(String title) {
        this.title = title;
    }

    /**
     * Runs all rounds, after one that warms up and is not counted.
     *
     * @param sides what is measured first, then what it is compared with
     */
    static Comparison run(
            String title, List<Side> sides, int count, Duration time, BenchmarkDatabase database, Preparation before)
            throws Exception {
        Comparison comparison = new Comparison(title);
        for (Side side : sides) {
            side.load().run(time);
            comparison.rounds.put(side, new ArrayList<>());
        }
        for (int i = 0; i < count; i++) {
            for (Side side : sides) {
                before.prepare();
                Measured measured = Measured.measure(side, time, database);
                comparison.rounds.get(side).add(measured);
                System.err.printf(
                        "%s, %s: %s/s%n",
                        title, side.name(), Spread.number(measured.round().rate(), 0));
            }
        }
        return comparison;
    }

    String title() {
        return title;
    }

    List<Side> sides() {
        return List.copyOf(rounds.keySet());
    }

    Spread of(Side side, ToDoubleFunction<Measured> figure) {
        return Spread.of(rounds.get(side).stream().map(figure::applyAsDouble).toList());
    }

    Spread rate(Side side) {
        return of(side, measured -> measured.round().rate());
    }

    /** How much of a baseline's rate the first side reaches. */
    Spread ratio(Side baseline) {
        List<Measured> first = rounds.get(sides().get(0));
        List<Measured> other = rounds.get(baseline);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < first.size(); i++) {
            ratios.add(first.get(i).round().rate() / other.get(i).round().rate());
        }
        return Spread.of(ratios);
    }
}

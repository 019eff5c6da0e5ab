package dev.darkroom.backend;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Whole numbers that a field of a request accepts. Immutable.
 *
 * @param values the only values, ascending and within the bounds; null for all between the bounds
 */
public record NumberRange(long minimum, long maximum, List<Long> values) {
    public NumberRange {
        values = values == null ? null : List.copyOf(values);
    }

    /** Returns a range of all numbers between two bounds. */
    public static NumberRange between(long minimum, long maximum) {
        return new NumberRange(minimum, maximum, null);
    }

    /** Returns the range of these values only. */
    public static NumberRange of(List<Long> values) {
        List<Long> sorted = values.stream().sorted().distinct().toList();
        return new NumberRange(sorted.get(0), sorted.get(sorted.size() - 1), sorted);
    }

    /** Returns whether no number is accepted. */
    public boolean acceptsNothing() {
        return minimum > maximum || (values != null && values.isEmpty());
    }

    public boolean contains(long number) {
        return number >= minimum && number <= maximum && (values == null || values.contains(number));
    }

    /** Returns the numbers that both ranges accept, which may be none. */
    public NumberRange intersect(NumberRange other) {
        if (other.includes(this)) {
            return this;
        } else if (includes(other)) {
            return other;
        }
        long from = Math.max(minimum, other.minimum);
        long to = Math.min(maximum, other.maximum);
        List<Long> listed = values == null ? other.values : values;
        return new NumberRange(
                from,
                to,
                listed == null
                        ? null
                        : listed.stream()
                                .filter(value -> contains(value) && other.contains(value))
                                .toList());
    }

    private boolean includes(NumberRange other) {
        return values == null && minimum <= other.minimum && maximum >= other.maximum;
    }

    /** Returns the accepted number next to a number; the number itself when none is accepted. */
    public long nearest(long number) {
        if (acceptsNothing()) {
            return number;
        }
        return values == null
                ? Math.max(minimum, Math.min(maximum, number))
                : values.stream()
                        .reduce((one, other) -> Math.abs(other - number) < Math.abs(one - number) ? other : one)
                        .orElseThrow();
    }

    /** Returns an accepted number at random; the range is not empty. */
    public long pick(RandomGenerator random) {
        return values == null
                ? minimum + random.nextLong(maximum - minimum + 1)
                : values.get(random.nextInt(values.size()));
    }

    /** Returns the rule for messages, such as {@code must be between 64 and 2048}. */
    public String describe() {
        if (acceptsNothing()) {
            return "has no value that every AI server of the model accepts";
        }
        return values == null
                ? "must be between " + minimum + " and " + maximum
                : "must be one of " + values.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}

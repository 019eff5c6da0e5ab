package dev.darkroom.simulator.fault;

import io.vertx.core.json.JsonArray;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Fails submissions at random: draws for each submission whether it fails, with which fault and after which latency. The same seed
 * produces the same sequence. Mutable; used on one event loop.
 *
 * @param failurePercent percentage of failing submissions; all faults are equally likely
 * @param minLatency minimum latency; null for the default latency
 * @param maxLatency maximum latency, at least {@code minLatency}; null for the default latency
 */
record RandomFault(int failurePercent, Duration minLatency, Duration maxLatency, Random random) implements Fault {
    /** Temporary failures. Excludes rejections and rate limits, which would pause all submissions. */
    private static final List<Fault> FAILURES = List.of(
            FixedResponse.status(500, Map.of(), null),
            FixedResponse.status(502, Map.of(), null),
            FixedResponse.status(503, Map.of(), null),
            FixedResponse.status(504, Map.of(), null),
            ConnectionFault.DROP,
            ConnectionFault.TRUNCATED,
            FixedResponse.MALFORMED_BODY,
            ImageFault.NO_IMAGES);

    /** Parses the options of the fault. */
    static RandomFault parse(ScriptStepFields fields) {
        fields.requireKnown(Set.of("failurePercent", "latency", "seed"));
        int percent = (int) fields.number("failurePercent", 0, 100, null);
        long seed = fields.number("seed", Long.MIN_VALUE, Long.MAX_VALUE, new Random().nextLong());
        if (!fields.has("latency")) {
            return new RandomFault(percent, null, null, new Random(seed));
        }
        if (!(fields.value("latency") instanceof JsonArray range) || range.size() != 2) {
            throw fields.invalidField("latency", "latency must be an array of the minimum and the maximum");
        }
        Duration minLatency = fields.parseDuration("latency", range.getValue(0));
        Duration maxLatency = fields.parseDuration("latency", range.getValue(1));
        if (minLatency.compareTo(maxLatency) > 0) {
            throw fields.invalidField("latency", "latency must have the minimum first");
        }
        return new RandomFault(percent, minLatency, maxLatency, new Random(seed));
    }

    @Override
    public String description() {
        return "random";
    }

    @Override
    public void apply(ImageResponses responses) {
        drawStep().fault().apply(responses);
    }

    /** Draws the step of the next submission. */
    ScriptStep drawStep() {
        // Always draws three numbers, so that the sequence does not depend on earlier outcomes.
        boolean fails = random.nextInt(100) < failurePercent;
        Fault failure = FAILURES.get(random.nextInt(FAILURES.size()));
        double fraction = random.nextDouble();
        return new ScriptStep(fails ? failure : ImageFault.NONE, drawLatency(fraction), 1, false, null, null);
    }

    private Duration drawLatency(double fraction) {
        return minLatency == null
                ? null
                : minLatency.plusMillis(
                        Math.round(fraction * maxLatency.minus(minLatency).toMillis()));
    }
}

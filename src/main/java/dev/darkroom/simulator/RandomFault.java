package dev.darkroom.simulator;

import java.time.Duration;
import java.util.List;
import java.util.Random;

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
            new ResponseFault.Status(500, null, null),
            new ResponseFault.Status(502, null, null),
            new ResponseFault.Status(503, null, null),
            new ResponseFault.Status(504, null, null),
            new ResponseFault.ConnectionDrop(),
            new ResponseFault.Truncated(),
            new ResponseFault.MalformedJson(),
            new Fault.NoImage());

    @Override
    public String describe() {
        return "random";
    }

    @Override
    public void apply(SimulatorSubmission submission) {
        drawStep().fault().apply(submission);
    }

    /** Draws the step of the next submission. */
    ScriptStep drawStep() {
        // Always draws three numbers, so that the sequence does not depend on earlier outcomes.
        boolean fails = random.nextInt(100) < failurePercent;
        Fault failure = FAILURES.get(random.nextInt(FAILURES.size()));
        double fraction = random.nextDouble();
        return new ScriptStep(fails ? failure : new Fault.NoFault(), drawLatency(fraction), 1, false, null);
    }

    private Duration drawLatency(double fraction) {
        return minLatency == null
                ? null
                : minLatency.plusMillis(
                        Math.round(fraction * maxLatency.minus(minLatency).toMillis()));
    }
}

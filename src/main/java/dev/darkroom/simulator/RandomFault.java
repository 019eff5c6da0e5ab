package dev.darkroom.simulator;

import java.time.Duration;
import java.util.List;
import java.util.Random;

/**
 * A server that fails now and then: each submission draws whether it fails, how, and how long that takes. The same seed
 * draws the same for the first, the second, and every further submission. Event loop only, since drawing changes it.
 *
 * @param failurePercent of a hundred submissions; all kinds of failure are equally likely
 * @param minLatency shortest latency; null for the usual time
 * @param maxLatency longest latency, at least {@code least}; null for the usual time
 */
record RandomFault(int failurePercent, Duration minLatency, Duration maxLatency, Random random) implements Fault {
    /** What usually goes wrong, and leaves again: no refusals, and no rate limit, which would make everybody wait. */
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
    public void apply(SimulatorSubmission simulatorSubmission) {
        drawStep().fault().apply(simulatorSubmission);
    }

    /** What the next submission meets. */
    ScriptStep drawStep() {
        // Always three draws, so that one outcome does not shift what all later ones are.
        boolean fails = random.nextInt(100) < failurePercent;
        Fault failure = FAILURES.get(random.nextInt(FAILURES.size()));
        double part = random.nextDouble();
        return new ScriptStep(fails ? failure : new Fault.NoFault(), drawLatency(part), 1, false, null);
    }

    private Duration drawLatency(double part) {
        return minLatency == null
                ? null
                : minLatency.plusMillis(
                        Math.round(part * maxLatency.minus(minLatency).toMillis()));
    }
}

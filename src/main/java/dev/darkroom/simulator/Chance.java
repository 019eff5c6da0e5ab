package dev.darkroom.simulator;

import java.time.Duration;
import java.util.List;
import java.util.Random;

/**
 * A server that fails now and then: each submission draws whether it fails, how, and how long that takes. The same seed
 * draws the same for the first, the second, and every further submission. Event loop only, since drawing changes it.
 *
 * @param failurePercent of a hundred submissions; all kinds of failure are equally likely
 * @param least shortest latency; null for the usual time
 * @param most longest latency, at least {@code least}; null for the usual time
 */
record Chance(int failurePercent, Duration least, Duration most, Random dice) implements Fault {
    /** What usually goes wrong, and leaves again: no refusals, and no rate limit, which would make everybody wait. */
    private static final List<Fault> FAILURES = List.of(
            new WireFault.Status(500, null, null),
            new WireFault.Status(502, null, null),
            new WireFault.Status(503, null, null),
            new WireFault.Status(504, null, null),
            new WireFault.Drop(),
            new WireFault.Truncated(),
            new WireFault.Garbage(),
            new Fault.Empty());

    @Override
    public String describe() {
        return "random";
    }

    @Override
    public void play(Submission submission) {
        draw().fault().play(submission);
    }

    /** What the next submission meets. */
    Step draw() {
        // Always three draws, so that one outcome does not shift what all later ones are.
        boolean fails = dice.nextInt(100) < failurePercent;
        Fault failure = FAILURES.get(dice.nextInt(FAILURES.size()));
        double part = dice.nextDouble();
        return new Step(fails ? failure : new Fault.None(), latency(part), 1, false, null);
    }

    private Duration latency(double part) {
        return least == null
                ? null
                : least.plusMillis(Math.round(part * most.minus(least).toMillis()));
    }
}

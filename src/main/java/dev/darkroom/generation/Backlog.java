package dev.darkroom.generation;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much waits, and how fast all live processes together work it off, as measured a few seconds ago. Shared by the
 * verticles of a process; thread-safe.
 *
 * <p>All that is said of times is an estimate: it takes the future for like the past. Where nothing has been measured, or
 * nobody works now, nothing is said, and nobody refused for it.
 */
public final class Backlog {
    /** More than this are not counted. */
    static final long MOST = 100_000;

    private record Measured(long waiting, double perSecond) {}

    private final AtomicLong acceptedSince = new AtomicLong();
    private volatile Measured measured = new Measured(0, 0);

    /**
     * @param waiting how many wait
     * @param perSecond how many attempts end in a second, 0 when that is not known
     */
    void measured(long waiting, double perSecond) {
        measured = new Measured(waiting, perSecond);
        acceptedSince.set(0);
    }

    /** Whether so many wait. */
    boolean reaches(long most) {
        return measured.waiting + acceptedSince.get() >= most;
    }

    /** One more waits. */
    void accepted() {
        acceptedSince.incrementAndGet();
    }

    /** How long it will take until a generation with so many before it is begun; empty when nothing is known of it. */
    Optional<Duration> untilStart(long ahead) {
        double perSecond = measured.perSecond;
        return perSecond > 0
                ? Optional.of(Duration.ofMillis((long) ((ahead + 1) / perSecond * 1000)))
                : Optional.empty();
    }

    /** Whether all that waits will take longer than this: only then may somebody's turn come too late. */
    boolean takesLongerThan(Duration time) {
        Measured now = measured;
        long waiting = now.waiting + acceptedSince.get();
        return waiting > 0 && now.perSecond > 0 && waiting > now.perSecond * time.toMillis() / 1000;
    }

    /** After how many others a generation can still be begun in time; meaningful only where something is known. */
    long placesWithin(Duration time) {
        return (long) (measured.perSecond * time.toMillis() / 1000);
    }
}

package dev.darkroom.telemetry;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/** Timer of the time from the due time of an attempt to its start. Separates first attempts from later ones. Thread-safe. */
public final class AttemptWaitTimer {
    private final Timer first;
    private final Timer later;

    public AttemptWaitTimer(MeterRegistry registry, String name, String description) {
        first = timer(registry, name, description, "FIRST");
        later = timer(registry, name, description, "LATER");
    }

    private static Timer timer(MeterRegistry registry, String name, String description, String attempt) {
        return Timer.builder(name)
                .description(description)
                .tag("attempt", attempt)
                .register(registry);
    }

    /** @param number of the attempt, from 1 */
    public void record(int number, Duration waited) {
        (number == 1 ? first : later).record(waited);
    }
}

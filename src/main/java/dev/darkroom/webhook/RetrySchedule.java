package dev.darkroom.webhook;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * When a delivery that failed is attempted again. Each step is made longer or shorter by up to a fifth, so that what failed together does
 * not come back together. A receiver that has too much to do is never asked before the step is over, and up to twice as late: as it says,
 * within these limits, or by chance.
 */
final class RetrySchedule {
    private static final double JITTER = 0.2;

    private final List<Duration> delays;
    private final DoubleSupplier random;

    /**
     * @param steps how long to wait after the first, second ... failure
     * @param random from 0 to below 1
     */
    RetrySchedule(List<Duration> steps, DoubleSupplier random) {
        this.delays = List.copyOf(steps);
        this.random = random;
    }

    /**
     * How long to wait.
     *
     * @param before how many failures there were before this one
     * @return empty when it was the last attempt
     */
    Optional<Duration> nextDelay(int before, DeliveryFailure deliveryFailure) {
        if (before >= delays.size()) {
            return Optional.empty();
        }
        Duration step = delays.get(before);
        if (deliveryFailure.retryAfter() != null) {
            return Optional.of(clampRetryAfter(deliveryFailure.retryAfter(), step));
        }
        double factor = deliveryFailure.receiverOverloaded()
                ? 1 + random.getAsDouble()
                : 1 - JITTER + 2 * JITTER * random.getAsDouble();
        return Optional.of(Duration.ofMillis(Math.round(step.toMillis() * factor)));
    }

    /** A receiver may put us off, but neither make us hurry nor forget it. */
    private static Duration clampRetryAfter(Duration asked, Duration step) {
        Duration twice = step.multipliedBy(2);
        return asked.compareTo(step) < 0 ? step : asked.compareTo(twice) > 0 ? twice : asked;
    }
}

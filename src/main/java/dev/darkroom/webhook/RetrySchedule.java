package dev.darkroom.webhook;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Calculates the delay before the next attempt of a failed delivery. Adds jitter of up to ±20 %, so that deliveries that failed together
 * are not retried together. An overloaded receiver is never retried before the nominal delay: the delay is between one and two times the
 * nominal one, from its {@code Retry-After} header or at random. Thread-safe if {@code random} is.
 *
 * @param delays nominal delay after the first, second and each further failure
 * @param random returns values from 0 (inclusive) to 1 (exclusive)
 */
record RetrySchedule(List<Duration> delays, DoubleSupplier random) {
    private static final double JITTER = 0.2;

    RetrySchedule {
        delays = List.copyOf(delays);
    }

    /**
     * Returns the delay before the next attempt.
     *
     * @param previousFailures number of failures before this one
     * @return empty if this was the last attempt
     */
    Optional<Duration> nextDelay(int previousFailures, DeliveryFailure deliveryFailure) {
        if (previousFailures >= delays.size()) {
            return Optional.empty();
        }
        Duration nominal = delays.get(previousFailures);
        if (deliveryFailure.retryAfter() != null) {
            return Optional.of(clampRetryAfter(deliveryFailure.retryAfter(), nominal));
        }
        double factor = deliveryFailure.receiverOverloaded()
                ? 1 + random.getAsDouble()
                : 1 - JITTER + 2 * JITTER * random.getAsDouble();
        return Optional.of(Duration.ofMillis(Math.round(nominal.toMillis() * factor)));
    }

    /** Limits the requested delay to between one and two times the nominal delay. */
    private static Duration clampRetryAfter(Duration requested, Duration nominal) {
        Duration max = nominal.multipliedBy(2);
        return requested.compareTo(nominal) < 0 ? nominal : requested.compareTo(max) > 0 ? max : requested;
    }
}

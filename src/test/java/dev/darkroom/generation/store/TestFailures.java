package dev.darkroom.generation.store;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import java.time.Duration;

/** Failures and retry settings for tests. */
public final class TestFailures {
    public static final BackendFailure SERVER_ERROR = of(FailureClass.SERVER_ERROR);
    public static final BackendFailure MODERATED = of(FailureClass.MODERATED);
    public static final BackendFailure RATE_LIMITED =
            BackendFailure.of(FailureClass.REJECTED_RETRYABLE, BackendFailure.RATE_LIMITED, "Fewer requests, please.");
    public static final BackendFailure TIMED_OUT =
            BackendFailure.of(FailureClass.AMBIGUOUS, BackendFailure.TIMED_OUT, "No response in time.");

    private TestFailures() {}

    /** Returns a failure of a class, with the name of the class as its code. */
    public static BackendFailure of(FailureClass failureClass) {
        return BackendFailure.of(failureClass, failureClass.name(), "A failure of the class " + failureClass + ".");
    }

    /** Returns limits of 5 counted, 20 uncounted and 5 lost attempts, and of 10 min for {@code Retry-After}. */
    public static Settings.Retry retrySettings(Duration base, Duration cap) {
        return new Settings.Retry(base, cap, 5, 20, 5, Duration.ofMinutes(10));
    }
}

package dev.darkroom.generation.store;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import java.time.Duration;

/** Failures and retry settings as tests need them. */
public final class TestFailures {
    public static final BackendFailure SERVER_ERROR = of(FailureClass.SERVER_ERROR);
    public static final BackendFailure MODERATED = of(FailureClass.MODERATED);
    public static final BackendFailure RATE_LIMITED =
            BackendFailure.of(FailureClass.REJECTED_RETRYABLE, BackendFailure.RATE_LIMITED, "Fewer requests, please.");
    public static final BackendFailure TIMED_OUT =
            BackendFailure.of(FailureClass.AMBIGUOUS, BackendFailure.TIMED_OUT, "No answer in time.");

    private TestFailures() {}

    /** A failure of a class, whose code is the name of the class. */
    public static BackendFailure of(FailureClass failureClass) {
        return BackendFailure.of(failureClass, failureClass.name(), "Something of the class " + failureClass + ".");
    }

    /** Five counted failures, twenty uncounted, five lost attempts, waits of at most 10 min asked for by the AI server. */
    public static Settings.Retry retrySettings(Duration base, Duration cap) {
        return new Settings.Retry(base, cap, 5, 20, 5, Duration.ofMinutes(10));
    }
}

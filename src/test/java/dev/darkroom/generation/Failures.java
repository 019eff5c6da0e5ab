package dev.darkroom.generation;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import java.time.Duration;

/** Failures and retry settings as tests need them. */
final class Failures {
    static final Failure SERVER_ERROR = of(FailureClass.SERVER_ERROR);
    static final Failure MODERATED = of(FailureClass.MODERATED);
    static final Failure RATE_LIMITED =
            Failure.of(FailureClass.REJECTED_RETRYABLE, Failure.RATE_LIMITED, "Fewer requests, please.");
    static final Failure TIMED_OUT = Failure.of(FailureClass.AMBIGUOUS, Failure.TIMED_OUT, "No answer in time.");

    private Failures() {}

    /** A failure of a class, whose code is the name of the class. */
    static Failure of(FailureClass failureClass) {
        return Failure.of(failureClass, failureClass.name(), "Something of the class " + failureClass + ".");
    }

    /** Five counted failures, twenty uncounted, five lost attempts, waits of at most 10 min asked for by the AI server. */
    static Settings.Retry schedule(Duration base, Duration cap) {
        return new Settings.Retry(base, cap, 5, 20, 5, Duration.ofMinutes(10));
    }
}

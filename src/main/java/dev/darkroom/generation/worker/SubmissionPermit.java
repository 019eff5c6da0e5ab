package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.generation.GenerationLease;
import java.time.Duration;

/** Answer to the request to submit. */
sealed interface SubmissionPermit {
    /** The submission may be made. */
    SubmissionPermit GRANTED = new Granted();

    /** @see #GRANTED */
    record Granted() implements SubmissionPermit {}

    /** Another AI server has to make the submission. */
    record Moved(GenerationLease generationLease) implements SubmissionPermit {}

    /** The generation has to wait. */
    record Withheld(Duration delay) implements SubmissionPermit {}

    /** The generation has to fail. */
    record Refused(BackendFailure backendFailure) implements SubmissionPermit {}
}

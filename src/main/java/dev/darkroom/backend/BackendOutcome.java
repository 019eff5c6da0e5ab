package dev.darkroom.backend;

import dev.darkroom.image.Image;
import java.util.List;

/**
 * Outcome of one call to an AI server. A backend never fails its future: each error becomes one of these outcomes, so
 * that callers need not interpret exceptions.
 */
public sealed interface BackendOutcome {

    /** The requested number of inspected images, in the order of the response. */
    record Generated(List<Image> images) implements BackendOutcome {
        public Generated {
            images = List.copyOf(images);
        }
    }

    /** The call failed: the AI server reported an error, returned an unusable response or was unreachable. */
    record Failed(BackendFailure backendFailure) implements BackendOutcome {}

    /** Darkroom aborted the call for a reason unrelated to the AI server: shutdown or a lost lease. */
    record Aborted() implements BackendOutcome {}

    /** The AI server does not have the job that was looked up. The result of {@link ImageBackend#lookUp} only. */
    record JobNotFound() implements BackendOutcome {}

    /** No call was made: the breaker is open, the backend is paused or its limit is reached. */
    record NotStarted() implements BackendOutcome {}
}

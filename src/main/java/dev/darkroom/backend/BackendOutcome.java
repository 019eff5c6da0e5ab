package dev.darkroom.backend;

import dev.darkroom.image.Image;
import java.util.List;

/**
 * How one call to an AI server ended. A backend never fails its future: whatever goes wrong is one of these, so that
 * nobody up the line has to guess from exceptions.
 */
public sealed interface BackendOutcome {

    /** As many checked pictures as were asked for, in order. */
    record Generated(List<Image> images) implements BackendOutcome {
        public Generated {
            images = List.copyOf(images);
        }
    }

    /** The AI server was asked, or could not be reached. */
    record Failed(BackendFailure backendFailure) implements BackendOutcome {}

    /** We broke off the call ourselves, for a reason that is not the AI server's: shutdown, lease lost. */
    record Aborted() implements BackendOutcome {}

    /** No call was made: the breaker is open, the backend is paused or its limit is reached. */
    record NotStarted() implements BackendOutcome {}
}

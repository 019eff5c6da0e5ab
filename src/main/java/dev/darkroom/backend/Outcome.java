package dev.darkroom.backend;

import dev.darkroom.image.Picture;
import java.util.List;

/**
 * How one call to an AI server ended. A backend never fails its future: whatever goes wrong is one of these, so that
 * nobody up the line has to guess from exceptions.
 */
public sealed interface Outcome {

    /** As many checked pictures as were asked for, in order. */
    record Generated(List<Picture> pictures) implements Outcome {
        public Generated {
            pictures = List.copyOf(pictures);
        }
    }

    /** The AI server was asked, or could not be reached. */
    record Failed(Failure failure) implements Outcome {}

    /** We broke off the call ourselves, for a reason that is not the AI server's: shutdown, lease lost. */
    record Aborted() implements Outcome {}

    /** No call was made: the breaker is open, the backend is paused or its limit is reached. */
    record NotStarted() implements Outcome {}
}

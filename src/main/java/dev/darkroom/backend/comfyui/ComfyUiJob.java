package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendFailure;
import java.util.List;

/** State of a job. Immutable. */
sealed interface ComfyUiJob {

    /** @param position number of jobs ahead; null when unknown */
    record Waiting(Integer position) implements ComfyUiJob {}

    record Running() implements ComfyUiJob {}

    /** @param images all images with the type "output", in the order of the server */
    record Completed(List<ComfyUiImage> images) implements ComfyUiJob {}

    record Failed(BackendFailure backendFailure) implements ComfyUiJob {}

    /** The server does not have the job: it never arrived, was removed from the queue, or the server restarted. */
    record Absent() implements ComfyUiJob {}

    /** Returns true when the state will not change. */
    default boolean ended() {
        return !(this instanceof Waiting || this instanceof Running);
    }
}

package dev.darkroom.backend.sdserver;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.image.ChunkedBytes;
import java.util.List;
import java.util.Set;

/**
 * State of a job. Immutable.
 *
 * @param id null when the response has none that is valid
 * @param status as received; see {@link #ended}
 * @param queuePosition place among the waiting jobs, from 1; null when the job does not wait
 * @param images the requested number of images; empty unless the job is completed
 * @param failure of an ended job; null for a success
 */
record SdServerJob(String id, String status, Integer queuePosition, List<ChunkedBytes> images, BackendFailure failure) {
    /** Any other status means that the job waits or runs. */
    private static final Set<String> END_STATES = Set.of("completed", "failed", "cancelled");

    boolean ended() {
        return END_STATES.contains(status);
    }
}

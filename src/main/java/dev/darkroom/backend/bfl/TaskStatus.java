package dev.darkroom.backend.bfl;

import dev.darkroom.backend.BackendFailure;

/**
 * Response to a poll. Immutable.
 *
 * @param httpStatus of the response
 * @param found false when the AI server does not have the task, or not yet
 * @param percent progress from 0 to 100; null when the AI server reports none
 * @param imageUrl untrusted URL of the image; null unless the task succeeded
 * @param failure of an ended task; null for any other
 */
record TaskStatus(int httpStatus, boolean found, Integer percent, String imageUrl, BackendFailure failure) {
    boolean ended() {
        return imageUrl != null || failure != null;
    }
}

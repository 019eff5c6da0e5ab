package dev.darkroom.backend.stability;

import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.buffer.Buffer;

/**
 * Fields of a successful response. Immutable.
 *
 * @param image not yet inspected; null when there is none
 * @param finishReason null when there is none
 * @param id of a result that is not ready; null when there is none that is valid
 * @param error JSON object with the error; null when there is none
 */
record GenerationResult(ChunkedBytes image, String finishReason, String id, Buffer error) {
    private static final String SUCCESS = "SUCCESS";

    /** Returns whether the AI server made an image that it does not deliver, or delivers in another form. */
    boolean unfinished() {
        return finishReason != null && !finishReason.equals(SUCCESS);
    }
}

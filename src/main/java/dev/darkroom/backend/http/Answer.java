package dev.darkroom.backend.http;

import dev.darkroom.image.Blocks;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/**
 * What a server answered.
 *
 * @param status any HTTP status; redirects are not followed
 * @param headers never null
 * @param body as much as was read; of a success that was cut off, nothing
 * @param cutOff true when there was more than we were willing to read; the connection has been closed
 */
public record Answer(int status, MultiMap headers, Blocks body, boolean cutOff) {
    /** An error needs no more room than this to explain itself. */
    static final int MAX_ERROR_BYTES = 64 * 1024;

    /** True for any 2xx. */
    public boolean success() {
        return status >= 200 && status < 300;
    }

    /** The start of the body, where an error explains itself. */
    public Buffer start() {
        return Buffer.buffer(body.start(MAX_ERROR_BYTES));
    }
}

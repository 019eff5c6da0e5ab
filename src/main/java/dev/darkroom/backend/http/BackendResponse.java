package dev.darkroom.backend.http;

import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/**
 * What a server answered.
 *
 * @param status any HTTP status; redirects are not followed
 * @param headers never null
 * @param body as much as was read; of a success that was cut off, nothing
 * @param truncated true when there was more than we were willing to read; the connection has been closed
 */
public record BackendResponse(int status, MultiMap headers, ChunkedBytes body, boolean truncated) {
    /** An error needs no more room than this to explain itself. */
    static final int MAX_ERROR_BYTES = 64 * 1024;

    /** True for any 2xx. */
    public boolean success() {
        return status >= 200 && status < 300;
    }

    /** The start of the body, where an error explains itself. */
    public Buffer bodyPrefix() {
        return Buffer.buffer(body.prefix(MAX_ERROR_BYTES));
    }
}

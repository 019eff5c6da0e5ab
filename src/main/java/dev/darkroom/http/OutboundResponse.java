package dev.darkroom.http;

import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/**
 * HTTP response of a server.
 *
 * @param status any HTTP status
 * @param headers never null
 * @param body the bytes read; empty for a truncated success, and when only the head was required
 * @param truncated true when the body was not read to its end; the connection is aborted then
 */
public record OutboundResponse(int status, MultiMap headers, ChunkedBytes body, boolean truncated) {
    /** Maximum body size of an error response. The error message is at its start. */
    public static final int MAX_ERROR_BYTES = 64 * 1024;

    /** Returns true for any 2xx status. */
    public boolean success() {
        return status >= 200 && status < 300;
    }

    /** Returns the start of the body, which contains the error message of an error response. */
    public Buffer bodyPrefix() {
        return Buffer.buffer(body.prefix(MAX_ERROR_BYTES));
    }
}

package dev.darkroom.backend.http;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/**
 * What a server answered.
 *
 * @param status any HTTP status; redirects are not followed
 * @param headers never null
 * @param body as much as was read
 * @param cutOff true when there was more than we were willing to read; the connection has been closed
 */
public record Answer(int status, MultiMap headers, Buffer body, boolean cutOff) {

    /** True for any 2xx. */
    public boolean success() {
        return status >= 200 && status < 300;
    }
}

package dev.darkroom.http;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;

/**
 * A request to send.
 *
 * @param target resolved when the exchange starts
 * @param headers in addition to the default headers
 * @param body null for none
 */
public record OutboundRequest(HttpMethod method, RequestTarget target, MultiMap headers, Buffer body) {}

package dev.darkroom.backend.http;

import dev.darkroom.http.OutboundResponse;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;

/**
 * Reads responses of an AI server. CPU-bound, so large bodies belong on worker threads. Thread-safe.
 *
 * @param maxBytes maximum size of a decoded body in bytes
 * @param errors maps error responses to failures
 */
public record ResponseReader(int maxBytes, ErrorResponseMapper errors) {

    /** Parser of the body of a response. */
    @FunctionalInterface
    public interface BodyParser<T> {
        /** @throws IOException when the body is not in the expected format */
        T parse(InputStream body) throws IOException;
    }

    /** Decodes the content coding of a response. */
    public OutboundResponse decode(OutboundResponse outboundResponse) {
        return ResponseContentDecoder.decode(outboundResponse, maxBytes);
    }

    /**
     * Decodes the content coding of a response and returns it when it is a success with a body.
     *
     * @throws BackendCallException when the status is not 2xx, or the body is empty or exceeds the size limit
     */
    public OutboundResponse requireBody(OutboundResponse encoded) {
        OutboundResponse outboundResponse = decode(encoded);
        if (!outboundResponse.success()) {
            throw new BackendCallException(errors.toFailure(outboundResponse));
        }
        if (outboundResponse.truncated()) {
            throw BackendCallException.invalidResult(
                            "RESPONSE_TOO_LARGE", "The response of the AI server exceeds the size limit.")
                    .withHttpStatus(outboundResponse.status());
        }
        if (outboundResponse.body().length() == 0) {
            throw BackendCallException.emptyResponse().withHttpStatus(outboundResponse.status());
        }
        return outboundResponse;
    }

    /**
     * Parses a response as a JSON object. For responses without inline images.
     *
     * @throws BackendCallException when the status is not 2xx or the body is not a JSON object
     */
    public JsonObject readObject(OutboundResponse encoded) {
        OutboundResponse outboundResponse = decode(encoded);
        if (!outboundResponse.success()) {
            throw new BackendCallException(errors.toFailure(outboundResponse));
        }
        try {
            if (!outboundResponse.truncated()
                    && Json.decodeValue(Buffer.buffer(outboundResponse.body().toBytes()))
                            instanceof JsonObject object) {
                return object;
            }
        } catch (DecodeException e) {
            // As a value that is no object.
        }
        throw BackendCallException.malformedResponse().withHttpStatus(outboundResponse.status());
    }

    /**
     * Parses the body of a success.
     *
     * @throws BackendCallException as {@link #requireBody}, and when the body cannot be parsed
     */
    <T> T parse(OutboundResponse outboundResponse, BodyParser<T> parser) {
        try {
            return parser.parse(requireBody(outboundResponse).body().drain());
        } catch (IOException e) {
            throw new BackendCallException(
                    BackendCallException.malformedResponse().failure().withDetail(e.getMessage()));
        }
    }
}

package dev.darkroom.simulator.http;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;

/** Reads request bodies. Ignores the content type, since {@code curl -d} sends JSON with the type of a form. */
public final class SimulatorBodyReader {
    /** Limit of a body in bytes. A body may contain images. */
    public static final int MAX_BODY_BYTES = 64 << 20;

    private SimulatorBodyReader() {}

    /** Reads the whole body. Fails with a {@link SimulatorRequestException} (413) if it is larger than {@link #MAX_BODY_BYTES}. */
    public static Future<Buffer> read(HttpServerRequest request) {
        Promise<Buffer> promise = Promise.promise();
        Buffer body = Buffer.buffer();
        request.handler(chunk -> {
            if (body.length() + chunk.length() > MAX_BODY_BYTES) {
                promise.tryFail(new SimulatorRequestException(
                        413, "The body is larger than " + MAX_BODY_BYTES + " bytes.", null));
            } else {
                body.appendBuffer(chunk);
            }
        });
        request.exceptionHandler(promise::tryFail);
        request.endHandler(end -> promise.tryComplete(body));
        return promise.future();
    }

    /**
     * Parses a body as a JSON object.
     *
     * @throws SimulatorRequestException when the body is no JSON object
     */
    public static JsonObject parseObject(Buffer body) {
        try {
            if (Json.decodeValue(body) instanceof JsonObject object) {
                return object;
            }
        } catch (DecodeException e) {
            throw new SimulatorRequestException("The body is not valid JSON.", null);
        }
        throw new SimulatorRequestException("The body is not a JSON object.", null);
    }
}

package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.Json;
import io.vertx.core.json.JsonObject;

/**
 * Reads request bodies of any content type: {@code curl -d} calls JSON a form, and a simulator that insists would only be in
 * the way.
 */
final class SimulatorBodyReader {
    /** Largest body in bytes. */
    static final int MAX_BODY_BYTES = 1 << 20;

    private SimulatorBodyReader() {}

    /** The whole body; fails with a {@link SimulatorRequestException} (413) when it is larger than {@link #MAX_BODY_BYTES}. */
    static Future<Buffer> read(HttpServerRequest request) {
        Promise<Buffer> whole = Promise.promise();
        Buffer body = Buffer.buffer();
        request.handler(chunk -> {
            if (body.length() + chunk.length() > MAX_BODY_BYTES) {
                whole.tryFail(new SimulatorRequestException(
                        413, "The body is larger than " + MAX_BODY_BYTES + " bytes.", null));
            } else {
                body.appendBuffer(chunk);
            }
        });
        request.exceptionHandler(whole::tryFail);
        request.endHandler(end -> whole.tryComplete(body));
        return whole.future();
    }

    /**
     * The JSON object in a body.
     *
     * @throws SimulatorRequestException when it is anything else
     */
    static JsonObject parseObject(Buffer body) {
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

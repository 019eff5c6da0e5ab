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
final class Bodies {
    /** Largest body in bytes. */
    static final int LIMIT = 1 << 20;

    private Bodies() {}

    /** The whole body; fails with a {@link BadRequestException} (413) when it is larger than {@link #LIMIT}. */
    static Future<Buffer> read(HttpServerRequest request) {
        Promise<Buffer> whole = Promise.promise();
        Buffer body = Buffer.buffer();
        request.handler(chunk -> {
            if (body.length() + chunk.length() > LIMIT) {
                whole.tryFail(new BadRequestException(413, "The body is larger than " + LIMIT + " bytes.", null));
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
     * @throws BadRequestException when it is anything else
     */
    static JsonObject object(Buffer body) {
        try {
            if (Json.decodeValue(body) instanceof JsonObject object) {
                return object;
            }
        } catch (DecodeException e) {
            throw new BadRequestException("The body is not valid JSON.", null);
        }
        throw new BadRequestException("The body is not a JSON object.", null);
    }
}

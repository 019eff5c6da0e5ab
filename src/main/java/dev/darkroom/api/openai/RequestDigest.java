package dev.darkroom.api.openai;

import dev.darkroom.generation.RequestParameters;
import dev.darkroom.generation.waiting.WaitingRequest;
import io.vertx.core.json.JsonObject;

/** Digests of requests, which are equal when an SDK sends a request again. Pure functions. */
final class RequestDigest {
    private RequestDigest() {}

    /**
     * Returns the SHA-256 of an operation and its body.
     *
     * @param body its members may have any order; a file is represented by its own digest
     */
    static String of(String operationId, JsonObject body) {
        return WaitingRequest.sha256(operationId, RequestParameters.canonical(body));
    }
}

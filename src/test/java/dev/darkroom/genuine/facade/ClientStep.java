package dev.darkroom.genuine.facade;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.List;

/**
 * A call that the client programs in {@code src/test/genuine/openai} make.
 *
 * @param name first word of the printed line
 * @param api base URL
 * @param operation {@code generate}, {@code edit}, {@code stream} or {@code models}
 * @param request members of the request, as in the API
 * @param retries maximum number of retries of the client
 */
record ClientStep(String name, URI api, String key, String operation, JsonObject request, int retries) {

    /** Adds members to the request. */
    ClientStep with(String member, Object value) {
        return new ClientStep(name, api, key, operation, request.copy().put(member, value), retries);
    }

    ClientStep withKey(String newKey) {
        return new ClientStep(name, api, newKey, operation, request, retries);
    }

    ClientStep withApi(URI newApi) {
        return new ClientStep(name, newApi, key, operation, request, retries);
    }

    ClientStep withRetries(int newRetries) {
        return new ClientStep(name, api, key, operation, request, newRetries);
    }

    static String toJson(List<ClientStep> steps) {
        JsonArray array = new JsonArray();
        for (ClientStep step : steps) {
            array.add(new JsonObject()
                    .put("name", step.name)
                    .put("api", step.api.toString())
                    .put("key", step.key)
                    .put("operation", step.operation)
                    .put("request", step.request)
                    .put("retries", step.retries));
        }
        return array.encode();
    }
}

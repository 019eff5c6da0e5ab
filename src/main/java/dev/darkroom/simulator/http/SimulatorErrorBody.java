package dev.darkroom.simulator.http;

import io.vertx.core.json.JsonObject;

/** Creates error bodies in the format of the OpenAI API: {@code {"error":{"message","type","param","code"}}}. */
public final class SimulatorErrorBody {
    private SimulatorErrorBody() {}

    /** Creates the default error of a status, with the type and code that the OpenAI API uses. */
    public static JsonObject create(int status, String message) {
        return switch (status) {
            case 401 -> create(message, "invalid_request_error", null, "invalid_api_key");
            case 429 -> create(message, "requests", null, "rate_limit_exceeded");
            default -> create(message, status >= 500 ? "server_error" : "invalid_request_error", null, null);
        };
    }

    /**
     * @param param the invalid field of the request, may be null
     * @param code the machine-readable error code, may be null
     */
    public static JsonObject create(String message, String type, String param, String code) {
        JsonObject error = new JsonObject()
                .put("message", message)
                .put("type", type)
                .put("param", param)
                .put("code", code);
        return new JsonObject().put("error", error);
    }
}

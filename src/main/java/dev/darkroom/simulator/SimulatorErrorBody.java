package dev.darkroom.simulator;

import io.vertx.core.json.JsonObject;

/** Error bodies as the OpenAI API writes them: {@code {"error":{"message","type","param","code"}}}. */
final class SimulatorErrorBody {
    private SimulatorErrorBody() {}

    /** The usual error of a status, with the type and code that official clients know. */
    static JsonObject create(int status, String message) {
        return switch (status) {
            case 401 -> create(message, "invalid_request_error", null, "invalid_api_key");
            case 429 -> create(message, "requests", null, "rate_limit_exceeded");
            default -> create(message, status >= 500 ? "server_error" : "invalid_request_error", null, null);
        };
    }

    /**
     * @param param the request's field that is wrong, may be null
     * @param code for programs, may be null
     */
    static JsonObject create(String message, String type, String param, String code) {
        JsonObject error = new JsonObject()
                .put("message", message)
                .put("type", type)
                .put("param", param)
                .put("code", code);
        return new JsonObject().put("error", error);
    }
}

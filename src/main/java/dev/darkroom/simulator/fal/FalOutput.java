package dev.darkroom.simulator.fal;

import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Response of an app. The queue returns it as the result of a request. Immutable. */
record FalOutput(int status, Map<String, String> headers, JsonObject body) {
    /** Statuses of error types, from https://fal.ai/docs/documentation/model-apis/request-errors. */
    private static final Map<String, Integer> ERROR_TYPES = Map.ofEntries(
            Map.entry("request_timeout", 504),
            Map.entry("startup_timeout", 504),
            Map.entry("runner_scheduling_failure", 503),
            Map.entry("runner_connection_timeout", 503),
            Map.entry("runner_disconnected", 503),
            Map.entry("runner_connection_refused", 503),
            Map.entry("runner_connection_error", 503),
            Map.entry("runner_incomplete_response", 502),
            Map.entry("runner_server_error", 500),
            Map.entry("client_disconnected", 499),
            Map.entry("client_cancelled", 499),
            Map.entry("internal_error", 500));

    static FalOutput images(List<String> urls, FalInput input) {
        JsonArray images = urls.stream()
                .map(url -> new JsonObject()
                        .put("url", url)
                        .put("width", input.image().width())
                        .put("height", input.image().height())
                        .put("content_type", "image/png"))
                .collect(Collectors.collectingAndThen(Collectors.toList(), JsonArray::new));
        return new FalOutput(
                200,
                Map.of(),
                new JsonObject()
                        .put("images", images)
                        .put("seed", input.image().seed())
                        .put(
                                "has_nsfw_concepts",
                                new JsonArray(urls.stream().map(url -> false).toList()))
                        .put("prompt", input.image().prompt()));
    }

    /** Returns the error of a prompt that a content checker rejected, see https://fal.ai/docs/documentation/model-apis/errors. */
    static FalOutput contentPolicy() {
        return new FalOutput(
                422,
                Map.of("X-Fal-Retryable", "false"),
                detail(
                        "The content could not be processed because it was flagged",
                        "content_policy_violation",
                        "prompt"));
    }

    /** Returns the error of FastAPI for an invalid input. */
    static FalOutput invalid(SimulatorRequestException invalid) {
        return new FalOutput(
                422,
                Map.of("X-Fal-Billable-Units", "0"),
                detail(
                        invalid.getMessage(),
                        invalid.getMessage().equals(FalInput.FIELD_REQUIRED) ? "missing" : "value_error",
                        invalid.param()));
    }

    private static JsonObject detail(String message, String type, String param) {
        JsonArray location = new JsonArray().add("body");
        if (param != null) {
            location.add(param);
        }
        return new JsonObject()
                .put(
                        "detail",
                        new JsonArray()
                                .add(new JsonObject()
                                        .put("loc", location)
                                        .put("msg", message)
                                        .put("type", type)));
    }

    /** @param error an error type and a message after a colon; any other text is an exception in the app */
    static FalOutput failed(String error) {
        String type = error.split(":", 2)[0];
        Integer status = ERROR_TYPES.get(type);
        return status == null
                ? new FalOutput(500, Map.of(), new JsonObject().put("detail", "Internal Server Error"))
                : new FalOutput(
                        status,
                        Map.of("X-Fal-Error-Type", type),
                        new JsonObject().put("detail", error).put("error_type", type));
    }

    void send(SimulatorResponseWriter writer) {
        headers.forEach(writer::setHeader);
        writer.sendJson(status, body);
    }
}

package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.http.ErrorResponseMapper;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/**
 * Maps errors of ComfyUI to failures. Tracebacks are dropped. The message of an exception, which can contain paths of the server,
 * becomes part of the detail for the log. Thread-safe.
 */
record ExecutionErrorMapper(ErrorResponseMapper errors) {
    private static final BackendFailure INTERRUPTED = BackendFailure.of(
            FailureClass.SERVER_ERROR, "INTERRUPTED_AT_SERVER", "The job was interrupted at the AI server.");
    private static final BackendFailure OUT_OF_MEMORY =
            BackendFailure.of(FailureClass.SERVER_ERROR, "OUT_OF_MEMORY", "The AI server ran out of memory.");
    private static final BackendFailure EXECUTION_FAILED = BackendFailure.of(
            FailureClass.SERVER_ERROR, "EXECUTION_FAILED", "The AI server failed to execute the workflow.");

    /** Suffix of {@code torch.OutOfMemoryError} and of its older names. */
    private static final String OUT_OF_MEMORY_TYPE = "OutOfMemoryError";

    /** Maps a job that was stopped by a request to the server. */
    static BackendFailure interrupted() {
        return INTERRUPTED;
    }

    /**
     * Maps an {@code execution_error}.
     *
     * @param error with {@code node_id}, {@code node_type}, {@code exception_type}, {@code exception_message}; each may be absent
     * @param outboundResponse the response that contained it
     */
    BackendFailure toFailure(JsonObject error, OutboundResponse outboundResponse) {
        String type = text(error, "exception_type");
        String message = text(error, "exception_message").lines().findFirst().orElse("");
        JsonObject refusal =
                new JsonObject().put("error", new JsonObject().put("type", type).put("message", message));
        BackendFailure refused = errors.findRefusal(outboundResponse, refusal.toBuffer());
        BackendFailure failure =
                refused != null ? refused : type.endsWith(OUT_OF_MEMORY_TYPE) ? OUT_OF_MEMORY : EXECUTION_FAILED;
        return failure.withDetail(
                "node \"" + text(error, "node_id") + "\" (" + text(error, "node_type") + "): " + type + ": " + message);
    }

    /**
     * Maps the body of a status 400 of {@code POST /prompt}.
     *
     * @return null when the body is no error of ComfyUI
     */
    static BackendFailure toRejection(JsonObject body) {
        if (!(body.getValue("error") instanceof JsonObject error) || !body.containsKey("node_errors")) {
            return null;
        }
        StringBuilder detail =
                new StringBuilder(text(error, "type")).append(": ").append(text(error, "details"));
        if (body.getValue("node_errors") instanceof JsonObject nodes) {
            nodes.forEach(node -> {
                if (node.getValue() instanceof JsonObject rejected
                        && rejected.getValue("errors") instanceof JsonArray nodeErrors) {
                    nodeErrors.forEach(each -> appendNodeError(detail, node.getKey(), rejected, each));
                }
            });
        }
        return BackendFailure.of(
                        FailureClass.TERMINAL_INPUT,
                        "WORKFLOW_REJECTED",
                        "The AI server rejected the workflow, or a value of the request in it.")
                .withHttpStatus(400)
                .withDetail(detail.toString());
    }

    private static void appendNodeError(StringBuilder detail, String id, JsonObject node, Object nodeError) {
        if (nodeError instanceof JsonObject each) {
            String input = each.getValue("extra_info") instanceof JsonObject info ? text(info, "input_name") : "";
            detail.append("; ")
                    .append(WorkflowTemplate.describe(id, text(node, "class_type"), input))
                    .append(": ")
                    .append(text(each, "type"));
        }
    }

    private static String text(JsonObject object, String field) {
        return object.getValue(field) instanceof String text ? text : "";
    }
}

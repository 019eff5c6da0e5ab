package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.http.OutboundResponse;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Parses the state of a job from the responses of a ComfyUI. Thread-safe. */
record ComfyUiJobParser(BackendHttpClient http, ExecutionErrorMapper errors) {

    /**
     * Parses the response to {@code POST /prompt}.
     *
     * @return the id of the job; null when the server reported success in an unreadable response
     * @throws BackendCallException when the server rejected the job
     */
    String parseSubmission(OutboundResponse outboundResponse) {
        JsonObject body = parseObject(outboundResponse);
        if (outboundResponse.success()) {
            if (body != null && body.getValue("error") != null) {
                throw new BackendCallException(
                        http.responses().errors().toFailureInSuccess(outboundResponse, outboundResponse.bodyPrefix()));
            }
            return body != null && body.getValue("prompt_id") instanceof String id && !id.isEmpty() ? id : null;
        }
        BackendFailure rejection =
                outboundResponse.status() == 400 && body != null ? ExecutionErrorMapper.toRejection(body) : null;
        throw new BackendCallException(
                rejection != null ? rejection : http.responses().errors().toFailure(outboundResponse));
    }

    /**
     * Parses the response to {@code GET /api/jobs/{id}}. Servers before 0.25 do not have this path and return the 404 of any
     * unknown path, in plain text.
     *
     * @return null when the server does not have this path
     * @throws BackendCallException when the response shows nothing about the job
     */
    ComfyUiJob parseJob(OutboundResponse outboundResponse) {
        int status = outboundResponse.status();
        JsonObject body = status == 200 || status == 404 ? parseObject(outboundResponse) : null;
        if (status == 404 && body != null && body.getValue("error") instanceof String) {
            return new ComfyUiJob.Absent();
        }
        if (status == 200 && body != null && body.getValue("status") instanceof String state) {
            return toJob(state, body, outboundResponse);
        }
        if (status == 200 || status == 404 || status == 405 || status == 501) {
            return null;
        }
        throw new BackendCallException(http.responses().errors().toFailure(outboundResponse));
    }

    private ComfyUiJob toJob(String state, JsonObject job, OutboundResponse outboundResponse) {
        return switch (state) {
            case "pending" -> new ComfyUiJob.Waiting(null);
            case "completed" -> new ComfyUiJob.Completed(parseImages(job.getValue("outputs")));
            case "cancelled" -> new ComfyUiJob.Failed(ExecutionErrorMapper.interrupted());
            case "failed" ->
                job.getValue("execution_error") instanceof JsonObject error
                        ? new ComfyUiJob.Failed(errors.toFailure(error, outboundResponse))
                        : parseMessages(job.getValue("execution_status"), outboundResponse);
            // A state that is unknown to Darkroom is no reason to submit the job again.
            default -> new ComfyUiJob.Running();
        };
    }

    /**
     * Parses the response to {@code GET /history/{id}}, which is {@code {}} for a job that is unknown, waiting or running.
     *
     * @throws BackendCallException when the response shows nothing about the job
     */
    ComfyUiJob parseHistory(OutboundResponse outboundResponse, String id) {
        if (!(http.responses().readObject(outboundResponse).getValue(id) instanceof JsonObject job)) {
            return new ComfyUiJob.Absent();
        }
        boolean failed =
                job.getValue("status") instanceof JsonObject status && "error".equals(status.getValue("status_str"));
        return failed
                ? parseMessages(job.getValue("status"), outboundResponse)
                : new ComfyUiJob.Completed(parseImages(job.getValue("outputs")));
    }

    /** Finds the cause of a failed job in {@code {"messages": [["execution_error", {…}], …]}}. */
    private ComfyUiJob parseMessages(Object status, OutboundResponse outboundResponse) {
        JsonObject error = new JsonObject();
        if (status instanceof JsonObject object && object.getValue("messages") instanceof JsonArray messages) {
            for (Object each : messages) {
                if (each instanceof JsonArray message && message.size() == 2) {
                    if ("execution_interrupted".equals(message.getValue(0))) {
                        return new ComfyUiJob.Failed(ExecutionErrorMapper.interrupted());
                    }
                    if ("execution_error".equals(message.getValue(0)) && message.getValue(1) instanceof JsonObject e) {
                        error = e;
                    }
                }
            }
        }
        return new ComfyUiJob.Failed(errors.toFailure(error, outboundResponse));
    }

    /**
     * Parses the response to {@code GET /queue}.
     *
     * @throws BackendCallException when the response is no queue
     */
    ComfyUiJob parseQueue(OutboundResponse outboundResponse, String id) {
        if (!outboundResponse.success()) {
            throw new BackendCallException(http.responses().errors().toFailure(outboundResponse));
        }
        try {
            return ComfyUiQueue.parse(outboundResponse.body().drain()).find(id);
        } catch (IOException e) {
            throw BackendCallException.malformedResponse();
        }
    }

    private static List<ComfyUiImage> parseImages(Object outputs) {
        List<ComfyUiImage> images = new ArrayList<>();
        if (outputs instanceof JsonObject byNode) {
            byNode.forEach(node -> {
                if (node.getValue() instanceof JsonObject output
                        && output.getValue("images") instanceof JsonArray entries) {
                    entries.stream()
                            .map(ComfyUiImage::of)
                            .filter(Objects::nonNull)
                            .forEach(images::add);
                }
            });
        }
        return images;
    }

    private static JsonObject parseObject(OutboundResponse outboundResponse) {
        try {
            return new JsonObject(Buffer.buffer(outboundResponse.body().toBytes()));
        } catch (DecodeException e) {
            return null;
        }
    }
}

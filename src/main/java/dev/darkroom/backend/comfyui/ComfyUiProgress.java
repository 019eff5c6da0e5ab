package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.function.BooleanSupplier;

/**
 * Reports the progress of one job to its listener: the position in the queue from polls, and the percentage from messages of the
 * WebSocket. Several nodes of a workflow may count steps. The percentage is that of the furthest node, so it never decreases.
 * Confined to the context of the call.
 */
final class ComfyUiProgress {
    private static final int HUNDRED_PERCENT = 100;

    private final JobListener listener;
    private final BooleanSupplier ended;
    private String id;
    private Integer percent;

    /**
     * @param ended returns true once the call has ended, after which nothing is reported
     * @param id of the job, as far as it is known before the submission
     */
    ComfyUiProgress(JobListener listener, BooleanSupplier ended, String id) {
        this.listener = listener;
        this.ended = ended;
        this.id = id;
    }

    /** Sets the id that the server assigned. */
    void setId(String assignedId) {
        id = assignedId;
    }

    /** Reports the state that a poll returned. */
    void onPoll(ComfyUiJob job) {
        if (job instanceof ComfyUiJob.Waiting waiting) {
            report(waiting.position());
        } else if (job instanceof ComfyUiJob.Running) {
            report(null);
        }
    }

    /** Reads a message such as {@code {"type": "progress", "data": {"value": 1, "max": 4, "prompt_id": "…"}}}; ignores others. */
    void onMessage(String text) {
        if (!text.contains("\"progress\"")) {
            return;
        }
        try {
            JsonObject message = new JsonObject(text);
            if ("progress".equals(message.getValue("type"))
                    && message.getValue("data") instanceof JsonObject data
                    && id.equals(data.getValue("prompt_id", id))
                    && data.getValue("value") instanceof Number value
                    && data.getValue("max") instanceof Number max) {
                addSteps(value.doubleValue(), max.doubleValue());
            }
        } catch (DecodeException e) {
            // Progress is optional.
        }
    }

    private void addSteps(double value, double max) {
        if (max > 0 && value >= 0) {
            int current = (int) Math.min(HUNDRED_PERCENT, value * HUNDRED_PERCENT / max);
            percent = percent == null ? current : Math.max(percent, current);
            report(null);
        }
    }

    private void report(Integer queuePosition) {
        if (!ended.getAsBoolean()) {
            listener.onProgress(new JobProgress(percent, queuePosition));
        }
    }
}

package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorErrorBody;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** The responses to one valid submission, in the format of its protocol. Used on one event loop. */
public interface ImageResponses {

    /** Returns the writer of the response. */
    SimulatorResponseWriter writer();

    /** Returns the number of requested images, at least 1. */
    int requestedCount();

    /** Creates a response with the first {@code count} images. 0 means a success without an image. */
    SimulatorResponse images(int count);

    /** Creates a response with bytes that are no image, for each requested image. */
    SimulatorResponse invalidImages();

    /** Creates a response with {@code url} for each requested image. */
    SimulatorResponse fixedUrl(String url);

    /**
     * Creates a response with a URL of the simulator for each requested image.
     *
     * @param downloadFaults the faults of the first downloads of each image
     */
    SimulatorResponse imageUrls(List<ScriptStep> downloadFaults);

    /** Creates the response to a prompt that the content policy rejects; by default the error of OpenAI. */
    default SimulatorResponse moderation() {
        JsonObject error = SimulatorErrorBody.create(
                "Your request was rejected by the safety system.",
                "image_generation_user_error",
                null,
                "moderation_blocked");
        return SimulatorResponse.json(400, () -> Future.succeededFuture(error));
    }

    /** Creates the response to a request of an exhausted account, which a retry does not solve; by default the error of OpenAI. */
    default SimulatorResponse quota() {
        JsonObject error = SimulatorErrorBody.create(
                "You exceeded your current quota, please check your plan and billing details.",
                "insufficient_quota",
                null,
                "insufficient_quota");
        return SimulatorResponse.json(429, () -> Future.succeededFuture(error));
    }

    /**
     * Creates the response to a job that is accepted and fails later. A protocol without jobs responds with status 500.
     *
     * @param error name and message of an exception, such as {@code torch.OutOfMemoryError: Allocation failed}
     */
    default SimulatorResponse failedJob(String error) {
        return SimulatorResponse.json(500, () -> Future.succeededFuture(SimulatorErrorBody.create(500, error)));
    }
}

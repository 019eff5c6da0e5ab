package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import java.util.function.Function;

/** A response that depends on the protocol: a success with other images than the requested ones, or a refusal. */
public record ImageFault(String description, Function<ImageResponses, SimulatorResponse> response) implements Fault {
    /** No fault: responds with the requested images. */
    static final ImageFault NONE = new ImageFault("image", responses -> responses.images(responses.requestedCount()));

    static final ImageFault NO_IMAGES = new ImageFault("no images", responses -> responses.images(0));

    /** Responds with one image fewer than requested. */
    static final ImageFault TOO_FEW_IMAGES =
            new ImageFault("too few images", responses -> responses.images(responses.requestedCount() - 1));

    static final ImageFault INVALID_IMAGE = new ImageFault("invalid image", ImageResponses::invalidImages);

    /** Rejects the prompt by content policy. */
    static final ImageFault MODERATION = new ImageFault("moderation", ImageResponses::moderation);

    /** Responds with the error of an exhausted account, which a retry does not solve. */
    static final ImageFault QUOTA = new ImageFault("quota", ImageResponses::quota);

    /** Accepts the job, which then fails. */
    static ImageFault failedJob(String error) {
        return new ImageFault("failed job", responses -> responses.failedJob(error));
    }

    /** Responds with {@code url} as each result. */
    static ImageFault fixedUrl(String url) {
        return new ImageFault("url", responses -> responses.fixedUrl(url));
    }

    @Override
    public void apply(ImageResponses responses) {
        response.apply(responses).send(responses.writer());
    }
}

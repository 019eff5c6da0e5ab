package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.generation.Generation;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends a generation as the response, with image URLs signed for this response. */
public final class GenerationResponder {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationResponder.class);

    private final GenerationPresenter presenter;
    private final ImageUrlSigner imageUrlSigner;

    public GenerationResponder(GenerationPresenter presenter, ImageUrlSigner imageUrlSigner) {
        this.presenter = presenter;
        this.imageUrlSigner = imageUrlSigner;
    }

    /** Returns the current signer of image URLs. Fails with a {@link Problem} when the signing keys are unavailable. */
    Future<ImageUrlSigner.QuerySigner> currentSigner() {
        return imageUrlSigner.currentSigner().recover(error -> {
            LOG.atWarn().addKeyValue("reason", error.getMessage()).log("URL signing key lookup failed");
            return Future.failedFuture(Problem.unavailable());
        });
    }

    /** @param querySigner null when the generation has no images */
    Buffer encode(Generation generation, ImageUrlSigner.QuerySigner querySigner) {
        return presenter.encode(generation, querySigner == null ? null : querySigner::signedQuery);
    }

    /** Returns the current signer; the future completes with null when the generation has no images. */
    Future<ImageUrlSigner.QuerySigner> signerForImages(Generation generation) {
        return generation.images().isEmpty() ? Future.succeededFuture() : currentSigner();
    }

    /** Returns the signed URLs of the images. Fails with a {@link Problem} when the signing keys are unavailable. */
    public Future<List<String>> imageUrls(Generation generation) {
        return signerForImages(generation)
                .map(querySigner -> generation.images().stream()
                        .map(image -> presenter.imageUrl(image, querySigner::signedQuery))
                        .toList());
    }

    /** Sets {@code Retry-After} when the generation is pending. */
    void setRetryAfter(OperationContext operationContext, Generation generation) {
        if (generation.isPending()) {
            operationContext
                    .response()
                    .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(presenter.retryAfterSeconds(generation)));
        }
    }

    /** Sends the response. Fails with a {@link Problem} when the signing keys are unavailable. */
    Future<Void> send(OperationContext operationContext, int status, Generation generation) {
        return signerForImages(generation).compose(querySigner -> {
            setRetryAfter(operationContext, generation);
            operationContext.sendJson(status, encode(generation, querySigner));
            return Future.succeededFuture();
        });
    }
}

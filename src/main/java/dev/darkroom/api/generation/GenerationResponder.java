package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.auth.ImageUrlSigner;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers with a generation, its pictures by links that are signed for this answer. */
public final class GenerationResponder {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationResponder.class);

    private final GenerationPresenter presenter;
    private final ImageUrlSigner imageUrlSigner;

    public GenerationResponder(GenerationPresenter presenter, ImageUrlSigner links) {
        this.presenter = presenter;
        this.imageUrlSigner = links;
    }

    static boolean isPending(JsonObject generation) {
        return generation.getString("status").equals(GenerationStatus.PENDING.name());
    }

    /** Who signs now. Fails with a {@link Problem}. */
    Future<ImageUrlSigner.QuerySigner> currentSigner() {
        return imageUrlSigner.currentSigner().recover(error -> {
            LOG.atWarn().addKeyValue("reason", error.getMessage()).log("could not look for the keys of picture links");
            return Future.failedFuture(Problem.unavailable());
        });
    }

    /** A generation as it is told, {@code signer} null where it has no pictures. */
    Buffer encode(JsonObject generation, ImageUrlSigner.QuerySigner querySigner) {
        return presenter
                .present(generation, querySigner == null ? null : querySigner::signedQuery)
                .toBuffer();
    }

    /** Null where nothing is to be signed. */
    Future<ImageUrlSigner.QuerySigner> signerForImages(JsonObject generation) {
        return generation.containsKey("images") ? currentSigner() : Future.succeededFuture();
    }

    /** Tells when to ask again, if that makes sense. */
    void setRetryAfter(OperationContext operationContext, JsonObject generation) {
        if (isPending(generation)) {
            operationContext
                    .response()
                    .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(presenter.retryAfterSeconds(generation)));
        }
    }

    /** Answers. Fails with a {@link Problem}. */
    Future<Void> send(OperationContext operationContext, int status, JsonObject generation) {
        return signerForImages(generation).compose(querySigner -> {
            setRetryAfter(operationContext, generation);
            operationContext.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
            operationContext.end(encode(generation, querySigner));
            return Future.succeededFuture();
        });
    }
}

package dev.darkroom.api;

import dev.darkroom.access.PictureLinks;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.JsonObject;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers with a generation, its pictures by links that are signed for this answer. */
final class GenerationAnswer {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationAnswer.class);

    private final GenerationPresenter presenter;
    private final PictureLinks links;

    GenerationAnswer(GenerationPresenter presenter, PictureLinks links) {
        this.presenter = presenter;
        this.links = links;
    }

    static boolean pending(JsonObject generation) {
        return generation.getString("status").equals(GenerationStatus.PENDING.name());
    }

    /** Who signs now. Fails with a {@link Problem}. */
    Future<PictureLinks.Signer> signer() {
        return links.signer().recover(error -> {
            LOG.atWarn().addKeyValue("reason", error.getMessage()).log("could not look for the keys of picture links");
            return Future.failedFuture(Problem.unavailable());
        });
    }

    /** A generation as it is told, {@code signer} null where it has no pictures. */
    Buffer bytes(JsonObject generation, PictureLinks.Signer signer) {
        return presenter
                .present(generation, signer == null ? null : signer::query)
                .toBuffer();
    }

    /** Null where nothing is to be signed. */
    Future<PictureLinks.Signer> signerFor(JsonObject generation) {
        return generation.containsKey("images") ? signer() : Future.succeededFuture();
    }

    /** Tells when to ask again, if that makes sense. */
    void sayWhenToAskAgain(Exchange exchange, JsonObject generation) {
        if (pending(generation)) {
            exchange.response().putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(presenter.retryAfter(generation)));
        }
    }

    /** Answers. Fails with a {@link Problem}. */
    Future<Void> send(Exchange exchange, int status, JsonObject generation) {
        return signerFor(generation).compose(signer -> {
            sayWhenToAskAgain(exchange, generation);
            exchange.response().setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
            exchange.end(bytes(generation, signer));
            return Future.succeededFuture();
        });
    }
}

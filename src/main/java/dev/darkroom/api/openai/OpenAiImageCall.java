package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.transport.ResponseHeaders;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/**
 * One call for images: creates a generation, waits for its end and sends its images. The generation goes on when the connection closes.
 * Confined to the event loop of the request.
 */
final class OpenAiImageCall {
    private final ImageCallServices services;
    private final OperationContext operationContext;
    private final OpenAiImageRequest request;
    private final RetryAttachment.Call attachment;
    private final HttpServerResponse response;
    private boolean created;
    private boolean ended;

    /** @param bodyDigest see {@link RequestDigest} */
    OpenAiImageCall(
            ImageCallServices services,
            OperationContext operationContext,
            OpenAiImageRequest request,
            String bodyDigest) {
        this.services = services;
        this.operationContext = operationContext;
        this.request = request;
        this.attachment = services.retryAttachment().begin(operationContext, bodyDigest);
        this.response = operationContext.response();
    }

    /** Starts the call. It answers the request in every case. */
    void start() {
        response.closeHandler(closed -> end(false)).exceptionHandler(failure -> end(false));
        attachment
                .createOrAttach(waitingRequest ->
                        services.generations().create(operationContext, request.spec(), waitingRequest))
                .compose(this::onCreated)
                .compose(this::answer)
                .onSuccess(sent -> end(true))
                .onFailure(this::fail);
    }

    private Future<Generation> onCreated(CreatedGeneration createdGeneration) {
        created = true;
        Generation generation = createdGeneration.generation();
        response.putHeader(ResponseHeaders.GENERATION_ID, generation.id().toString());
        if (createdGeneration.replayed()) {
            response.putHeader("Idempotency-Replayed", "true");
        }
        if (ended) {
            // The connection closed before the generation existed.
            attachment.interrupted();
        }
        return generation.isPending() ? awaitEnd(generation) : Future.succeededFuture(generation);
    }

    /** Repeats waits of limited length: a lost reply is noticed, and a closed connection leaves no waiter behind for long. */
    private Future<Generation> awaitEnd(Generation generation) {
        if (ended) {
            return Future.failedFuture("connection closed");
        }
        Duration wait = services.maxWait();
        long startedNanos = System.nanoTime();
        return services.generations()
                .get(operationContext, generation.id(), wait)
                .compose(current -> {
                    if (!current.isPending()) {
                        return Future.succeededFuture(current);
                    }
                    // A wait ends early when the process stops or has too many waiters.
                    return System.nanoTime() - startedNanos < wait.toNanos()
                            ? Future.failedFuture(Problem.unavailable())
                            : awaitEnd(current);
                });
    }

    private Future<Void> answer(Generation generation) {
        if (ended) {
            return Future.failedFuture("connection closed");
        }
        if (generation.error() != null) {
            services.responder().sendError(operationContext, OpenAiErrors.of(generation.error()));
            return Future.succeededFuture();
        }
        return services.responder().send(operationContext, request.responseFormat(), generation);
    }

    private void fail(Throwable failure) {
        if (ended) {
            return;
        }
        end(false);
        operationContext.fail(failure);
    }

    /** @param answered whether the client has the complete response, and no reason to retry */
    private void end(boolean answered) {
        if (ended) {
            return;
        }
        ended = true;
        if (created) {
            if (answered) {
                attachment.answered();
            } else {
                attachment.interrupted();
            }
        }
    }
}

package dev.darkroom.api.openai;

import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.openai.error.OpenAiError;
import dev.darkroom.api.openai.error.OpenAiErrors;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.transport.ResponseHeaders;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationResult.CreatedGeneration;
import dev.darkroom.image.store.ImageStoreException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call for images: creates a generation, waits for its end and sends its images. The generation goes on when the connection closes.
 * Confined to the event loop of the request.
 */
final class OpenAiImageCall {
    private static final Logger LOG = LoggerFactory.getLogger(OpenAiImageCall.class);

    /** As the streams of other operations: below the idle timeout of common proxies. */
    private static final int STREAM_KEEP_ALIVE_SECONDS = 15;

    private static final Buffer COMMENT = Buffer.buffer(": keepalive\n\n");
    private static final Buffer WHITE_SPACE = Buffer.buffer("\n");

    private enum State {
        WAITING,
        ANSWERING,
        ENDED
    }

    private final ImageCallServices services;
    private final OperationContext operationContext;
    private final OpenAiImageRequest request;
    private final RetryAttachment.Call attachment;
    private final HttpServerResponse response;
    private final WaitingCall waitingCall;
    private final long startedNanos = System.nanoTime();
    private State state = State.WAITING;
    private boolean created;

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
        this.waitingCall = new WaitingCall(
                services.waitingCalls(),
                operationContext.request(),
                keepAlive(),
                () -> failWaiting(Problem.unavailable()));
    }

    private WaitingCall.KeepAlive keepAlive() {
        if (request.stream()) {
            return new WaitingCall.KeepAlive(OpenAiImageResponder.EVENT_STREAM, COMMENT, STREAM_KEEP_ALIVE_SECONDS);
        }
        long seconds = services.timings().jsonKeepAlive().toSeconds();
        return seconds == 0 ? null : new WaitingCall.KeepAlive(OpenAiImageResponder.JSON, WHITE_SPACE, (int) seconds);
    }

    /** Starts the call. It answers the request in every case. */
    void start() {
        start(() -> {});
    }

    /**
     * As {@link #start()}.
     *
     * @param onCreation called when the generation was created, or was not
     */
    void start(Runnable onCreation) {
        response.closeHandler(closed -> end(false)).exceptionHandler(failure -> end(false));
        attachment
                .createOrAttach(waitingRequest ->
                        services.generations().create(operationContext, request.spec(), waitingRequest))
                .onComplete(creation -> onCreation.run())
                .onSuccess(this::onCreated)
                .onFailure(this::fail);
    }

    private void onCreated(CreatedGeneration createdGeneration) {
        created = true;
        if (state == State.ENDED) {
            // The connection closed before the generation existed.
            attachment.interrupted();
            return;
        }
        Generation generation = createdGeneration.generation();
        response.putHeader(ResponseHeaders.GENERATION_ID, generation.id().toString());
        IdempotencyKeyHeader.putReplayed(response, createdGeneration.replayed());
        if (request.stream()) {
            services.responder().putStreamHeaders(response);
            waitingCall.send();
        }
        waitingCall.start();
        awaitEnd(generation);
    }

    /** Repeats waits of limited length: a lost reply is noticed, and a closed connection leaves no waiter behind for long. */
    private void awaitEnd(Generation generation) {
        if (state != State.WAITING) {
            return;
        }
        if (!generation.isPending()) {
            answer(generation);
            return;
        }
        Duration before = elapsed();
        if (before.compareTo(services.timings().deadline()) > 0) {
            fail(Problem.unavailable());
            return;
        }
        Duration wait = services.timings().maxWait();
        services.generations()
                .get(operationContext, generation.id(), wait)
                .onSuccess(current -> {
                    // A wait ends early when the process stops or has too many waiters.
                    if (current.isPending() && elapsed().minus(before).compareTo(wait) < 0) {
                        failWaiting(Problem.unavailable());
                    } else {
                        awaitEnd(current);
                    }
                })
                .onFailure(this::failWaiting);
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    private void answer(Generation generation) {
        stopWaiting();
        if (generation.error() == null) {
            services.responder()
                    .send(operationContext, request, generation)
                    .onSuccess(sent -> end(true))
                    .onFailure(this::fail);
        } else {
            sendError(OpenAiErrors.of(generation.error()));
        }
    }

    private void failWaiting(Throwable failure) {
        if (state == State.WAITING) {
            fail(failure);
        }
    }

    /** Ends a call that did not get its images. Problems occur before the first byte of an image. */
    private void fail(Throwable failure) {
        if (state == State.ENDED) {
            return;
        }
        stopWaiting();
        if (request.stream() && response.headWritten() && failure instanceof Problem problem) {
            sendError(OpenAiErrors.of(problem));
            return;
        }
        end(false).onComplete(stored -> {
            if (response.headWritten()) {
                logUnreadableImage(failure);
                // Only a reset tells the client that the response is incomplete.
                response.reset();
            } else {
                operationContext.fail(failure);
            }
        });
    }

    private void logUnreadableImage(Throwable failure) {
        boolean storeError = failure instanceof ImageStoreException || !ResponseWriter.isConnectionError(failure);
        if (storeError && !(failure instanceof Problem)) {
            LOG.atError()
                    .addKeyValue("requestId", operationContext.requestId())
                    .setCause(failure)
                    .log("image read failed");
        }
    }

    /** Stores that a retry is expected before the response asks for it: the retry may arrive at once, at another process. */
    private void sendError(OpenAiError error) {
        if (response.headWritten() && !request.stream()) {
            // The status 200 is sent already. A retry gets the error.
            end(false).onComplete(stored -> response.reset());
            return;
        }
        Future<Void> retryExpected = error.retryable() ? end(false) : Future.succeededFuture();
        retryExpected
                .compose(stored -> response.headWritten()
                        ? services.responder().sendErrorEvent(operationContext, error)
                        : services.responder().sendError(operationContext, error))
                .onComplete(taken -> end(taken.succeeded()));
    }

    private void stopWaiting() {
        state = State.ANSWERING;
        waitingCall.stop();
    }

    /**
     * Ends the call, once.
     *
     * @param answered whether the client has the complete response, and no reason to retry
     * @return completes when an interruption is stored or the attempt to store it failed. Never fails
     */
    private Future<Void> end(boolean answered) {
        if (state == State.ENDED) {
            return Future.succeededFuture();
        }
        state = State.ENDED;
        waitingCall.stop();
        if (!created) {
            return Future.succeededFuture();
        }
        if (answered) {
            attachment.answered();
            return Future.succeededFuture();
        }
        return attachment.interrupted();
    }
}

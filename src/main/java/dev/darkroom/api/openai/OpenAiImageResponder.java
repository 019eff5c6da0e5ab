package dev.darkroom.api.openai;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.generation.GenerationResponder;
import dev.darkroom.api.generation.OpenImageLimiter;
import dev.darkroom.api.openai.Base64BodySender.Part;
import dev.darkroom.api.openai.OpenAiImageRequest.ResponseFormat;
import dev.darkroom.api.openai.error.OpenAiError;
import dev.darkroom.api.openai.error.OpenAiRequestException;
import dev.darkroom.api.problem.ErrorRenderer.ErrorResponse;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.stream.SseFrameEncoder;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.generation.Generation;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the images of a generation, or an error. */
public record OpenAiImageResponder(GenerationResponder urls, ImageStore images, OpenImageLimiter openImageLimiter) {
    static final String JSON = "application/json";
    static final String EVENT_STREAM = "text/event-stream";

    private static final Logger LOG = LoggerFactory.getLogger(OpenAiImageResponder.class);

    private static final int RETRY_AFTER_SECONDS = 1;

    /**
     * Sends the images.
     *
     * @return completes when the operating system has taken the response; fails when it is not complete, with a {@link Problem} when no byte
     *     of an image was sent
     */
    Future<Void> send(OperationContext operationContext, OpenAiImageRequest request, Generation generation) {
        if (request.responseFormat() == ResponseFormat.URL) {
            return urls.imageUrls(generation).compose(list -> sendUrls(operationContext, generation, list));
        }
        return sendBase64(
                operationContext,
                generation,
                request.stream() ? OpenAiImagesJson.events(generation) : OpenAiImagesJson.base64(generation));
    }

    private static Future<Void> sendUrls(OperationContext operationContext, Generation generation, List<String> list) {
        JsonArray data = new JsonArray();
        list.forEach(url -> data.add(new JsonObject().put("url", url)));
        Buffer body = OpenAiImagesJson.toJson(generation, data).toBuffer();
        return start(operationContext, body.length()).endWith(body);
    }

    private Future<Void> sendBase64(OperationContext operationContext, Generation generation, List<Part> parts) {
        Runnable release = openImageLimiter.acquireForUser(operationContext.user());
        if (release == null) {
            return Future.failedFuture(
                    Problem.tooManyRequests("Too many concurrent image downloads.", RETRY_AFTER_SECONDS));
        }
        Base64BodySender sender = new Base64BodySender(images, start(operationContext, Base64BodySender.length(parts)));
        return sender.send(parts)
                .recover(failure -> Future.failedFuture(
                        sender.hasStarted() ? failure : toProblem(operationContext, generation, failure)))
                .onComplete(sent -> release.run());
    }

    private static Problem toProblem(OperationContext operationContext, Generation generation, Throwable failure) {
        if (failure instanceof ImageStoreException) {
            return Problem.unavailable();
        }
        LOG.atError()
                .addKeyValue("requestId", operationContext.requestId())
                .addKeyValue("generation", generation.id())
                .setCause(failure)
                .log("image not opened");
        return Problem.internalError();
    }

    private static ResponseWriter start(OperationContext operationContext, long length) {
        HttpServerResponse response = operationContext.response();
        // Keep-alive bytes have sent the head before.
        if (!response.headWritten()) {
            response.putHeader(HttpHeaders.CONTENT_TYPE, JSON)
                    .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(length));
        }
        return new ResponseWriter(operationContext.request());
    }

    /** Sets the headers of a stream of events, except for its media type. */
    void putStreamHeaders(HttpServerResponse response) {
        response.putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                // Disables response buffering in nginx and compatible proxies.
                .putHeader("X-Accel-Buffering", "no");
    }

    /** Ends a stream with an error. Completes when the operating system has taken it. */
    Future<Void> sendErrorEvent(OperationContext operationContext, OpenAiError error) {
        return new ResponseWriter(operationContext.request())
                .endWith(SseFrameEncoder.eventWithoutId("error", error.toJson()));
    }

    /** Sends an error. Completes when the operating system has taken it. */
    Future<Void> sendError(OperationContext operationContext, OpenAiError error) {
        ErrorResponse errorResponse = error.toResponse(Map.of());
        errorResponse.headers().forEach(operationContext.response()::putHeader);
        operationContext
                .response()
                .setStatusCode(errorResponse.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, errorResponse.mediaType());
        return new ResponseWriter(operationContext.request())
                .endWith(errorResponse.body().toBuffer());
    }

    void fail(OperationContext operationContext, Throwable failure) {
        if (failure instanceof OpenAiRequestException invalid) {
            sendError(operationContext, invalid.error());
        } else {
            operationContext.fail(failure);
        }
    }
}

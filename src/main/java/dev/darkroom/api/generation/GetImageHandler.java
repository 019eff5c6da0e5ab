package dev.darkroom.api.generation;

import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.transport.BackpressurePump;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.ImageNotFoundException;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.VertxException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import io.vertx.core.streams.ReadStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /images/{imageName}}, and HEAD, which is the same without the bytes. */
public final class GetImageHandler implements OperationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(GetImageHandler.class);

    private static final int RETRY_AFTER_SECONDS = 1;

    /** A picture never changes; a year is what caches understand by "for ever". */
    private static final String CACHE_CONTROL = "private, max-age=31536000, immutable";

    private final String operationId;
    private final boolean sendsBody;
    private final GenerationClient generations;
    private final ImageStore images;

    private final OpenImageLimiter openImageLimiter;

    private GetImageHandler(
            String operationId,
            boolean withBytes,
            GenerationClient generations,
            ImageStore images,
            OpenImageLimiter open) {
        this.operationId = operationId;
        this.sendsBody = withBytes;
        this.generations = generations;
        this.images = images;
        this.openImageLimiter = open;
    }

    public static GetImageHandler forGet(GenerationClient generations, ImageStore images, OpenImageLimiter open) {
        return new GetImageHandler("getImage", true, generations, images, open);
    }

    public static GetImageHandler forHead(GenerationClient generations, ImageStore images, OpenImageLimiter open) {
        return new GetImageHandler("headImage", false, generations, images, open);
    }

    @Override
    public String operationId() {
        return operationId;
    }

    @Override
    public void handle(OperationContext operationContext) {
        String name = operationContext.parameter("imageName");
        int dot = name.lastIndexOf('.');
        generations
                .getImage(operationContext, name.substring(0, dot))
                .compose(image -> hasExtension(image, name.substring(dot + 1))
                        ? respond(operationContext, image)
                        : Future.failedFuture(Problem.notFound("There is no such image.")))
                .onFailure(operationContext::fail);
    }

    private static boolean hasExtension(JsonObject image, String extension) {
        return ImageFormat.ofContentType(image.getString("contentType"))
                .extension()
                .equals(extension);
    }

    private Future<Void> respond(OperationContext operationContext, JsonObject image) {
        String etag = '"' + image.getString("sha256") + '"';
        if (EntityTags.matches(operationContext.parameter("If-None-Match"), etag)) {
            putHeaders(operationContext, etag).setStatusCode(304).end();
            return Future.succeededFuture();
        }
        if (!sendsBody) {
            putHeaders(operationContext, etag, image).end();
            return Future.succeededFuture();
        }
        Runnable release = acquirePermit(operationContext);
        if (release == null) {
            return Future.failedFuture(
                    Problem.tooManyRequests("Too many images are being sent to you.", RETRY_AFTER_SECONDS));
        }
        return images.read(image.getString("storageKey"))
                .compose(bytes -> {
                    putHeaders(operationContext, etag, image);
                    return sendBytes(bytes, operationContext.request(), image.getLong("bytes"));
                })
                .onComplete(sent -> release.run())
                .recover(error -> handleReadFailure(operationContext, image, error));
    }

    private Runnable acquirePermit(OperationContext operationContext) {
        return operationContext.principal() == null
                ? openImageLimiter.acquireForLink(
                        ClientAddressKey.of(operationContext.request().remoteAddress()),
                        operationContext.parameter("imageName"))
                : openImageLimiter.acquireForUser(operationContext.user());
    }

    /** Does not end the response unless all of it has been sent: its length is promised already. */
    private static Future<Void> sendBytes(ReadStream<Buffer> bytes, HttpServerRequest request, long length) {
        HttpServerResponse response = request.response();
        return BackpressurePump.send(bytes, request).compose(sent -> {
            if (response.bytesWritten() == length) {
                return response.end();
            }
            return Future.failedFuture(
                    new IllegalStateException("there are " + response.bytesWritten() + " bytes of it"));
        });
    }

    private static Future<Void> handleReadFailure(
            OperationContext operationContext, JsonObject image, Throwable error) {
        HttpServerResponse response = operationContext.response();
        if (response.closed() || (response.headWritten() && isConnectionError(error))) {
            // The caller left; nobody is to be told, and nothing is wrong with the picture.
            return Future.succeededFuture();
        }
        // The database says that it is there: an operator has to know. The caller can only be told that we failed.
        LOG.atError()
                .addKeyValue("request", operationContext.requestId())
                .addKeyValue("image", image.getString("id"))
                .addKeyValue("bytes", image.getLong("bytes"))
                .setCause(error instanceof ImageNotFoundException ? null : error)
                .log("picture cannot be read from the store");
        if (response.headWritten()) {
            // Half of it is on its way; cutting it off is the only honest sign left.
            response.reset();
            return Future.succeededFuture();
        }
        return Future.failedFuture(Problem.internalError());
    }

    /** Once it is being read, a picture fails unchecked; what is checked, or of the library, comes from the socket. */
    private static boolean isConnectionError(Throwable error) {
        return !(error instanceof RuntimeException) || error instanceof VertxException;
    }

    private static HttpServerResponse putHeaders(OperationContext operationContext, String etag, JsonObject image) {
        return putHeaders(operationContext, etag)
                .putHeader(HttpHeaders.CONTENT_TYPE, image.getString("contentType"))
                .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(image.getLong("bytes")));
    }

    private static HttpServerResponse putHeaders(OperationContext operationContext, String etag) {
        return operationContext
                .response()
                .putHeader(HttpHeaders.ETAG, etag)
                .putHeader(HttpHeaders.CACHE_CONTROL, CACHE_CONTROL)
                // Whatever an AI server has made: nothing in it runs.
                .putHeader("Content-Security-Policy", "default-src 'none'; sandbox")
                // A link is for the pages of others too; who says who they are is at home here.
                .putHeader(
                        "Cross-Origin-Resource-Policy",
                        operationContext.principal() == null ? "cross-origin" : "same-origin");
    }
}

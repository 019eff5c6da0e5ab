package dev.darkroom.api.generation;

import dev.darkroom.api.content.EntityTags;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.auth.ClientAddressKey;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.net.URI;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /images/{imageName}} and {@code HEAD /images/{imageName}}. */
public final class GetImageHandler implements OperationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(GetImageHandler.class);

    private static final int RETRY_AFTER_SECONDS = 1;

    private final String operationId;
    private final boolean sendsBody;
    private final GenerationClient generations;
    private final ImageStore images;
    private final OpenImageLimiter openImageLimiter;

    private GetImageHandler(
            String operationId,
            boolean sendsBody,
            GenerationClient generations,
            ImageStore images,
            OpenImageLimiter openImageLimiter) {
        this.operationId = operationId;
        this.sendsBody = sendsBody;
        this.generations = generations;
        this.images = images;
        this.openImageLimiter = openImageLimiter;
    }

    public static GetImageHandler forGet(
            GenerationClient generations, ImageStore images, OpenImageLimiter openImageLimiter) {
        return new GetImageHandler("getImage", true, generations, images, openImageLimiter);
    }

    public static GetImageHandler forHead(
            GenerationClient generations, ImageStore images, OpenImageLimiter openImageLimiter) {
        return new GetImageHandler("headImage", false, generations, images, openImageLimiter);
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
                .getImage(operationContext, UUID.fromString(name.substring(0, dot)))
                .compose(location -> hasExtension(location.image(), name.substring(dot + 1))
                        ? respond(operationContext, location)
                        : Future.failedFuture(imageNotFound()))
                .onFailure(operationContext::fail);
    }

    private static Problem imageNotFound() {
        return Problem.notFound("Image not found.");
    }

    private static boolean hasExtension(StoredImage image, String extension) {
        return ImageFormat.ofContentType(image.contentType()).extension().equals(extension);
    }

    private Future<Void> respond(OperationContext operationContext, ImageLocation location) {
        StoredImage image = location.image();
        String etag = '"' + image.sha256() + '"';
        if (!EntityTags.satisfies(operationContext.parameter("If-Match"), etag)) {
            return Future.failedFuture(Problem.preconditionFailed());
        }
        if (EntityTags.matches(operationContext.parameter("If-None-Match"), etag)) {
            putHeaders(operationContext, etag).setStatusCode(304).end();
            return Future.succeededFuture();
        }
        if (!sendsBody) {
            putHeaders(operationContext, etag, image)
                    .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(image.bytes()))
                    .end();
            return Future.succeededFuture();
        }
        return images.downloadUrl(image.storageKey()).compose(url -> {
            if (url.isPresent()) {
                redirect(operationContext, url.get());
                return Future.succeededFuture();
            }
            return sendBytes(operationContext, location, etag);
        });
    }

    /** The URL expires, so that the response must not be cached. */
    private static void redirect(OperationContext operationContext, URI url) {
        putSecurityHeaders(operationContext)
                .putHeader(HttpHeaders.LOCATION, url.toString())
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .setStatusCode(307)
                .end();
    }

    private Future<Void> sendBytes(OperationContext operationContext, ImageLocation location, String etag) {
        StoredImage image = location.image();
        long length = image.bytes();
        Optional<ByteRange> range = requestedRange(operationContext, etag, length);
        Runnable release = acquirePermit(operationContext);
        if (release == null) {
            return Future.failedFuture(
                    Problem.tooManyRequests("Too many concurrent image downloads.", RETRY_AFTER_SECONDS));
        }
        ByteRange sentRange = range.orElseGet(() -> new ByteRange(0, length));
        HttpServerResponse response = putHeaders(operationContext, etag, image)
                .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(sentRange.length()));
        if (range.isPresent()) {
            response.setStatusCode(206).putHeader(HttpHeaders.CONTENT_RANGE, sentRange.contentRange(length));
        }
        return images.open(image.storageKey(), sentRange.start(), sentRange.end())
                .compose(content -> ImageBodySender.send(content, sentRange, operationContext.request())
                        .eventually(content::close))
                .onComplete(sent -> release.run())
                .recover(error -> handleReadFailure(operationContext, location, error));
    }

    /** Evaluates {@code Range} and {@code If-Range} (RFC 9110, sections 13.1.5 and 14.2). An image has an entity tag and no date. */
    private static Optional<ByteRange> requestedRange(OperationContext operationContext, String etag, long length) {
        String ifRange = operationContext.parameter("If-Range");
        return ifRange == null || ifRange.trim().equals(etag)
                ? ByteRange.parse(operationContext.parameter("Range"), length)
                : Optional.empty();
    }

    private Runnable acquirePermit(OperationContext operationContext) {
        return operationContext.principal() == null
                ? openImageLimiter.acquireForLink(
                        ClientAddressKey.of(operationContext.request().remoteAddress()),
                        operationContext.parameter("imageName"))
                : openImageLimiter.acquireForUser(operationContext.user());
    }

    private static Future<Void> handleReadFailure(
            OperationContext operationContext, ImageLocation location, Throwable error) {
        HttpServerResponse response = operationContext.response();
        if (response.closed() || (response.headWritten() && ResponseWriter.isConnectionError(error))) {
            // The client disconnected; the image itself is intact. The image store fails with unchecked exceptions
            // while reading.
            return Future.succeededFuture();
        }
        if (error instanceof ImageNotFoundException) {
            LOG.atWarn()
                    .addKeyValue("requestId", operationContext.requestId())
                    .addKeyValue("generation", location.generationId())
                    .addKeyValue("image", location.image().id())
                    .log("image file missing");
            return Future.failedFuture(imageNotFound());
        }
        LOG.atError()
                .addKeyValue("requestId", operationContext.requestId())
                .addKeyValue("generation", location.generationId())
                .addKeyValue("image", location.image().id())
                .addKeyValue("bytes", location.image().bytes())
                .setCause(error)
                .log("image read failed");
        if (response.headWritten()) {
            // The head was sent already. Only a reset signals the failure to the client.
            response.reset();
            return Future.succeededFuture();
        }
        return Future.failedFuture(
                error instanceof ImageStoreException ? Problem.unavailable() : Problem.internalError());
    }

    private static HttpServerResponse putHeaders(OperationContext operationContext, String etag, StoredImage image) {
        return putHeaders(operationContext, etag)
                .putHeader(HttpHeaders.ACCEPT_RANGES, "bytes")
                .putHeader(HttpHeaders.CONTENT_TYPE, image.contentType());
    }

    private static HttpServerResponse putHeaders(OperationContext operationContext, String etag) {
        return putSecurityHeaders(operationContext)
                .putHeader(HttpHeaders.ETAG, etag)
                .putHeader(HttpHeaders.CACHE_CONTROL, ImageStore.CACHE_CONTROL);
    }

    private static HttpServerResponse putSecurityHeaders(OperationContext operationContext) {
        return operationContext
                .response()
                // The bytes come from an AI server: prevents the execution of active content.
                .putHeader("Content-Security-Policy", "default-src 'none'; sandbox")
                // A signed URL may be embedded by pages of any origin, an authenticated request may not.
                .putHeader(
                        "Cross-Origin-Resource-Policy",
                        operationContext.principal() == null ? "cross-origin" : "same-origin");
    }
}

package dev.darkroom.api;

import dev.darkroom.access.Address;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.MissingPictureException;
import dev.darkroom.image.PictureFormat;
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
final class GetImage implements OperationHandler {
    private static final Logger LOG = LoggerFactory.getLogger(GetImage.class);

    private static final int SECONDS_UNTIL_A_PLACE = 1;

    /** A picture never changes; a year is what caches understand by "for ever". */
    private static final String CACHE_CONTROL = "private, max-age=31536000, immutable";

    private final String operationId;
    private final boolean withBytes;
    private final GenerationClient generations;
    private final ImageStore images;

    private final OpenImages open;

    private GetImage(
            String operationId, boolean withBytes, GenerationClient generations, ImageStore images, OpenImages open) {
        this.operationId = operationId;
        this.withBytes = withBytes;
        this.generations = generations;
        this.images = images;
        this.open = open;
    }

    static GetImage get(GenerationClient generations, ImageStore images, OpenImages open) {
        return new GetImage("getImage", true, generations, images, open);
    }

    static GetImage head(GenerationClient generations, ImageStore images, OpenImages open) {
        return new GetImage("headImage", false, generations, images, open);
    }

    @Override
    public String operationId() {
        return operationId;
    }

    @Override
    public void handle(Exchange exchange) {
        String name = exchange.parameter("imageName");
        int dot = name.lastIndexOf('.');
        generations
                .getImage(exchange, name.substring(0, dot))
                .compose(image -> isOfType(image, name.substring(dot + 1))
                        ? answer(exchange, image)
                        : Future.failedFuture(Problem.notFound("There is no such image.")))
                .onFailure(exchange::fail);
    }

    private static boolean isOfType(JsonObject image, String extension) {
        return PictureFormat.ofContentType(image.getString("contentType"))
                .extension()
                .equals(extension);
    }

    private Future<Void> answer(Exchange exchange, JsonObject image) {
        String etag = '"' + image.getString("sha256") + '"';
        if (EntityTags.match(exchange.parameter("If-None-Match"), etag)) {
            describe(exchange, etag).setStatusCode(304).end();
            return Future.succeededFuture();
        }
        if (!withBytes) {
            describe(exchange, etag, image).end();
            return Future.succeededFuture();
        }
        Runnable release = takePlace(exchange);
        if (release == null) {
            return Future.failedFuture(
                    Problem.tooManyRequests("Too many images are being sent to you.", SECONDS_UNTIL_A_PLACE));
        }
        return images.read(image.getString("storageKey"))
                .compose(bytes -> {
                    describe(exchange, etag, image);
                    return send(bytes, exchange.request(), image.getLong("bytes"));
                })
                .onComplete(sent -> release.run())
                .recover(error -> broken(exchange, image, error));
    }

    private Runnable takePlace(Exchange exchange) {
        return exchange.caller() == null
                ? open.takeForLink(Address.of(exchange.request().remoteAddress()), exchange.parameter("imageName"))
                : open.takeForUser(exchange.user());
    }

    /** Does not end the response unless all of it has been sent: its length is promised already. */
    private static Future<Void> send(ReadStream<Buffer> bytes, HttpServerRequest request, long length) {
        HttpServerResponse response = request.response();
        return OneByOne.send(bytes, request).compose(sent -> {
            if (response.bytesWritten() == length) {
                return response.end();
            }
            return Future.failedFuture(
                    new IllegalStateException("there are " + response.bytesWritten() + " bytes of it"));
        });
    }

    private static Future<Void> broken(Exchange exchange, JsonObject image, Throwable error) {
        HttpServerResponse response = exchange.response();
        if (response.closed() || (response.headWritten() && isOfTheConnection(error))) {
            // The caller left; nobody is to be told, and nothing is wrong with the picture.
            return Future.succeededFuture();
        }
        // The database says that it is there: an operator has to know. The caller can only be told that we failed.
        LOG.atError()
                .addKeyValue("request", exchange.requestId())
                .addKeyValue("image", image.getString("id"))
                .addKeyValue("bytes", image.getLong("bytes"))
                .setCause(error instanceof MissingPictureException ? null : error)
                .log("picture cannot be read from the store");
        if (response.headWritten()) {
            // Half of it is on its way; cutting it off is the only honest sign left.
            response.reset();
            return Future.succeededFuture();
        }
        return Future.failedFuture(Problem.internalError());
    }

    /** Once it is being read, a picture fails unchecked; what is checked, or of the library, comes from the socket. */
    private static boolean isOfTheConnection(Throwable error) {
        return !(error instanceof RuntimeException) || error instanceof VertxException;
    }

    private static HttpServerResponse describe(Exchange exchange, String etag, JsonObject image) {
        return describe(exchange, etag)
                .putHeader(HttpHeaders.CONTENT_TYPE, image.getString("contentType"))
                .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(image.getLong("bytes")));
    }

    private static HttpServerResponse describe(Exchange exchange, String etag) {
        return exchange.response()
                .putHeader(HttpHeaders.ETAG, etag)
                .putHeader(HttpHeaders.CACHE_CONTROL, CACHE_CONTROL)
                // Whatever an AI server has made: nothing in it runs.
                .putHeader("Content-Security-Policy", "default-src 'none'; sandbox")
                // A link is for the pages of others too; who says who they are is at home here.
                .putHeader("Cross-Origin-Resource-Policy", exchange.caller() == null ? "cross-origin" : "same-origin");
    }
}

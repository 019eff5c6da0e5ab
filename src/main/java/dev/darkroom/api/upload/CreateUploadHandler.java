package dev.darkroom.api.upload;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.upload.UploadCommand.CreateUpload;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code POST /api/uploads}: stores the image in the body.
 *
 * @param limits of the body
 */
public record CreateUploadHandler(CommandClient uploads, RequestBodyLimits limits) implements OperationHandler {
    private static final Set<String> MEDIA_TYPES =
            Stream.of(ImageFormat.values()).map(ImageFormat::contentType).collect(Collectors.toUnmodifiableSet());

    @Override
    public String operationId() {
        return "createUpload";
    }

    @Override
    public RawBody rawBody() {
        return new RawBody(MEDIA_TYPES, limits);
    }

    @Override
    public void handle(OperationContext operationContext) {
        Future.succeededFuture()
                .compose(start -> uploads.send(
                        new CreateUpload(
                                operationContext.user(),
                                operationContext.parameter(OperationContext.MEDIA_TYPE),
                                operationContext.receivedBody().bytes()),
                        operationContext))
                .onComplete(done -> operationContext.receivedBody().release().run())
                .onSuccess(upload -> {
                    operationContext.response().putHeader(HttpHeaders.LOCATION, "/api/uploads/" + upload.id());
                    operationContext.sendJson(201, UploadJson.encode(upload));
                })
                .onFailure(operationContext::fail);
    }
}

package dev.darkroom.api.upload;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.upload.UploadCommand.DeleteUpload;
import dev.darkroom.upload.UploadCommand.GetUpload;
import java.util.List;

/**
 * The operations on uploads.
 *
 * @param limits of the body of an upload
 */
public record UploadOperations(CommandClient uploads, RequestBodyLimits limits) {

    /** Returns one handler for each operation. */
    public List<OperationHandler> handlers() {
        return List.of(
                new CreateUploadHandler(uploads, limits),
                new JsonOperationHandler(
                        "getUpload",
                        200,
                        request -> uploads.send(new GetUpload(request.user(), request.uuid("uploadId")), request)
                                .map(UploadJson::encode)),
                new JsonOperationHandler(
                        "deleteUpload",
                        204,
                        request -> uploads.send(new DeleteUpload(request.user(), request.uuid("uploadId")), request)
                                .map(deleted -> null)));
    }
}

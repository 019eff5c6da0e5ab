package dev.darkroom.api.upload;

import dev.darkroom.api.body.FormFiles;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.upload.UploadCommand.CreateUpload;
import dev.darkroom.upload.UploadCommand.DeleteUpload;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** Stores files of a request as uploads of its user, from a form or from data URLs. */
public record FormUploads(CommandClient uploads, OperationContext operationContext) implements FormFiles {
    /** Type that clients declare when they do not know it. */
    private static final String UNKNOWN_TYPE = "application/octet-stream";

    @Override
    public Future<StoredFile> store(String field, String mediaType, Buffer content) {
        String declared = UNKNOWN_TYPE.equals(mediaType) ? null : mediaType;
        return uploads.send(new CreateUpload(operationContext.user(), declared, content), operationContext)
                .map(upload -> new StoredFile(upload.id(), upload.sha256()))
                .recover(failure -> Future.failedFuture(nameField(field, failure)));
    }

    /** The problem of an upload concerns its whole body. */
    private static Throwable nameField(String field, Throwable failure) {
        return failure instanceof Problem problem && problem.type() == Problem.Type.INVALID_REQUEST
                ? Problem.invalid("#/" + field, problem.errors().get(0).detail())
                : failure;
    }

    @Override
    public void discard(StoredFile file) {
        uploads.send(new DeleteUpload(operationContext.user(), file.id()), operationContext);
    }
}

package dev.darkroom.api.openai;

import dev.darkroom.api.body.FormFiles.StoredFile;
import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.openai.error.OpenAiError;
import dev.darkroom.api.openai.error.OpenAiRequestException;
import dev.darkroom.api.upload.FormUploads;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import dev.darkroom.config.BackendSettings;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/**
 * {@code POST /v1/images/edits}, as a form with files or as JSON with URLs. The files become uploads of the user, which expire as soon as the
 * generation exists or the request is rejected: an upload that a generation uses is kept until its end.
 *
 * @param fileLimits limits of one file
 */
record EditOpenAiImageHandler(ImageCallServices services, CommandClient uploads, RequestBodyLimits fileLimits)
        implements OperationHandler {
    private static final String IMAGE = "image";
    private static final String IMAGES = "images";
    private static final String MASK = "mask";

    @Override
    public String operationId() {
        return "editOpenAiImage";
    }

    @Override
    public FormBody formBody() {
        return new FormBody(
                BackendSettings.MAX_INPUT_IMAGES,
                fileLimits,
                operationContext -> new FormUploads(uploads, operationContext));
    }

    @Override
    public void handle(OperationContext operationContext) {
        services.generations()
                .getModels(operationContext)
                .map(models -> OpenAiImageRequestParser.parse(
                        withoutImages(operationContext),
                        inputs(operationContext),
                        !operationContext.files().isEmpty(),
                        models))
                .onSuccess(request -> new OpenAiImageCall(
                                services,
                                operationContext,
                                request,
                                RequestDigest.of(operationId(), operationContext.body()))
                        .start(() -> discardFiles(operationContext)))
                .onFailure(failure -> {
                    discardFiles(operationContext);
                    services.responder().fail(operationContext, failure);
                });
    }

    private static JsonObject withoutImages(OperationContext operationContext) {
        JsonObject copy = operationContext.body().copy();
        copy.remove(operationContext.files().isEmpty() ? IMAGES : IMAGE);
        copy.remove(MASK);
        return copy;
    }

    private static InputImages inputs(OperationContext operationContext) {
        Map<String, List<StoredFile>> files = operationContext.files();
        if (!files.isEmpty()) {
            List<StoredFile> mask = files.getOrDefault(MASK, List.of());
            return new InputImages(
                    files.getOrDefault(IMAGE, List.of()).stream()
                            .map(file -> InputImage.ofUpload(file.id()))
                            .toList(),
                    mask.isEmpty() ? null : InputImage.ofUpload(mask.get(0).id()));
        }
        JsonArray images = operationContext.body().getJsonArray(IMAGES);
        JsonObject mask = operationContext.body().getJsonObject(MASK);
        return new InputImages(
                images.stream().map(image -> byUrl(IMAGES, (JsonObject) image)).toList(),
                mask == null ? null : byUrl(MASK, mask));
    }

    private static InputImage byUrl(String param, JsonObject image) {
        String url = image.getString("image_url");
        if (url == null || url.startsWith("data:") || image.containsKey("file_id")) {
            throw new OpenAiRequestException(OpenAiError.invalid(
                    "unsupported_parameter",
                    param,
                    "Only URLs in 'image_url' are supported in JSON: send other images as multipart/form-data."));
        }
        return InputImage.ofUrl(url);
    }

    private void discardFiles(OperationContext operationContext) {
        formBody().files().apply(operationContext).discardAll(operationContext.files());
    }
}

package dev.darkroom.backend.comfyui;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.BackendCallException;
import dev.darkroom.backend.http.BackendCallScope;
import dev.darkroom.backend.http.BackendHttpClient;
import dev.darkroom.http.MultipartBody;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Uploads input images to a ComfyUI: {@code POST {base}/upload/image}. The name of a file is its hash, so that a repeated upload replaces it
 * by itself. ComfyUI has no request that deletes it. Thread-safe.
 */
record InputImageUploader(BackendHttpClient http) {
    /** Directory below the input directory of ComfyUI. */
    private static final String DIRECTORY = "darkroom";

    private static final int TEXT_BYTES = 1024;
    private static final BackendFailure NOT_SENT = BackendFailure.of(
            FailureClass.NOT_SENT, "IMAGE_NOT_UPLOADED", "The AI server did not accept an input image in time.");

    private record Form(String contentType, Buffer body) {}

    /** Uploads the images one after the other. Returns the value of each placeholder. Never fails as ambiguous: nothing was submitted. */
    Future<Map<WorkflowPlaceholder, Object>> upload(BackendCallScope scope, InputImages inputs) {
        Map<WorkflowPlaceholder, Object> names = new EnumMap<>(WorkflowPlaceholder.class);
        Future<Void> uploads = Future.succeededFuture();
        List<InputImage> all = inputs.all();
        for (int i = 0; i < all.size(); i++) {
            InputImage image = all.get(i);
            WorkflowPlaceholder placeholder = i < inputs.images().size()
                    ? WorkflowPlaceholder.inputImages().get(i)
                    : WorkflowPlaceholder.MASK;
            uploads = uploads.compose(previous -> upload(scope, image)).map(name -> {
                names.put(placeholder, name);
                return null;
            });
        }
        return uploads.map(names)
                .recover(cause -> Future.failedFuture(WorkflowValidator.toFailureBeforeSubmission(cause, NOT_SENT)));
    }

    private Future<String> upload(BackendCallScope scope, InputImage image) {
        return http.sendInputs(
                        scope,
                        new InputImages(List.of(image), null),
                        loaded -> createForm(loaded.images().get(0)),
                        form -> http.send(
                                scope,
                                HttpMethod.POST,
                                http.target("/upload/image"),
                                http.headers(scope).add(HttpHeaders.CONTENT_TYPE, form.contentType()),
                                form.body()))
                .compose(response -> http.onWorker(() -> readName(response)));
    }

    private static Form createForm(Image image) {
        MultipartBody form = new MultipartBody(image.size() + TEXT_BYTES)
                .addText("type", "input")
                .addText("subfolder", DIRECTORY)
                .addText("overwrite", "true")
                .addFile(
                        "image",
                        image.sha256() + "." + image.format().extension(),
                        image.format().contentType(),
                        image.bytes());
        return new Form(form.contentType(), form.end());
    }

    /** Returns the name of the file as nodes expect it: {@code darkroom/….png}. */
    private String readName(OutboundResponse response) {
        JsonObject file = http.responses().readObject(response);
        if (!(file.getValue("name") instanceof String name)) {
            throw BackendCallException.malformedResponse();
        }
        return file.getValue("subfolder") instanceof String directory && !directory.isEmpty()
                ? directory + "/" + name
                : name;
    }
}

package dev.darkroom.api.replicate;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.api.upload.FormUploads;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the images of the input of a prediction: URLs, and data URLs, which become uploads of the user. Thread-safe. */
record InlineImages(WorkerExecutor workers, CommandClient uploads) {
    static final String IMAGE = "image";
    static final String MASK = "mask";
    static final List<String> MEMBERS = List.of(IMAGE, MASK);

    private static final String DATA_SCHEME = "data:";
    private static final Pattern DATA_URL =
            Pattern.compile("data:([a-zA-Z]+/[a-zA-Z0-9.+-]+);base64,(.*)", Pattern.DOTALL);

    /**
     * Returns the images of a request. The received body must not be released before.
     *
     * @return fails with a {@link Problem} when a data URL is no image
     */
    Future<InputImages> read(OperationContext operationContext) {
        JsonObject input = operationContext.body().getJsonObject("input");
        boolean inline = MEMBERS.stream().anyMatch(name -> isDataUrl(input.getString(name)));
        // The data URLs are in the received body only.
        Future<JsonObject> complete = inline
                ? workers.executeBlocking(
                        () -> new JsonObject(operationContext.receivedBody().bytes()).getJsonObject("input"), false)
                : Future.succeededFuture(input);
        return complete.compose(members -> read(operationContext, members, IMAGE)
                .compose(image -> read(operationContext, members, MASK)
                        .map(mask -> new InputImages(image == null ? List.of() : List.of(image), mask))));
    }

    private static boolean isDataUrl(String value) {
        return value != null && value.startsWith(DATA_SCHEME);
    }

    private Future<InputImage> read(OperationContext operationContext, JsonObject input, String name) {
        String value = input.getString(name);
        if (value == null) {
            return Future.succeededFuture();
        }
        return isDataUrl(value)
                ? upload(operationContext, name, value)
                : Future.succeededFuture(InputImage.ofUrl(value));
    }

    private Future<InputImage> upload(OperationContext operationContext, String name, String dataUrl) {
        return workers.executeBlocking(() -> decode(name, dataUrl), false)
                .compose(image -> new FormUploads(uploads, operationContext)
                        .store("input/" + name, image.mediaType(), image.content()))
                .map(stored -> InputImage.ofUpload(stored.id()));
    }

    private record DecodedImage(String mediaType, Buffer content) {}

    private static DecodedImage decode(String name, String dataUrl) {
        Matcher parts = DATA_URL.matcher(dataUrl);
        if (!parts.matches()) {
            throw Problem.invalid("#/input/" + name, "must be a URL, or a data URL in base64 with a media type");
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(parts.group(2));
            return new DecodedImage(parts.group(1).toLowerCase(Locale.ROOT), Buffer.buffer(bytes));
        } catch (IllegalArgumentException e) {
            throw Problem.invalid("#/input/" + name, "must be a data URL in base64");
        }
    }
}

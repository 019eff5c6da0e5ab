package dev.darkroom.generation.store;

import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Converts input images to and from the column {@code generations.input_images}: an array of objects, the mask marked. Pure functions. */
final class InputImageColumn {
    private static final String UPLOAD_ID = "uploadId";
    private static final String KEY = "key";
    private static final String BYTES = "bytes";
    private static final String URL = "url";
    private static final String MASK = "mask";

    private InputImageColumn() {}

    /** Returns null when there are none. */
    static String encode(InputImages inputs) {
        if (inputs.isEmpty()) {
            return null;
        }
        JsonArray array = new JsonArray();
        inputs.images().forEach(image -> array.add(toJson(image)));
        if (inputs.mask() != null) {
            array.add(toJson(inputs.mask()).put(MASK, true));
        }
        return array.encode();
    }

    private static JsonObject toJson(InputImage image) {
        return image.uploaded()
                ? new JsonObject()
                        .put(UPLOAD_ID, image.uploadId().toString())
                        .put(KEY, image.storageKey())
                        .put(BYTES, image.bytes())
                : new JsonObject().put(URL, image.url());
    }

    /** @param column null when there are none */
    static InputImages decode(JsonArray column) {
        if (column == null) {
            return InputImages.NONE;
        }
        List<InputImage> images = new ArrayList<>();
        InputImage mask = null;
        for (int i = 0; i < column.size(); i++) {
            JsonObject json = column.getJsonObject(i);
            InputImage image = json.containsKey(URL)
                    ? InputImage.ofUrl(json.getString(URL))
                    : new InputImage(
                            UUID.fromString(json.getString(UPLOAD_ID)),
                            json.getString(KEY),
                            json.getInteger(BYTES),
                            null);
            if (json.getBoolean(MASK, false)) {
                mask = image;
            } else {
                images.add(image);
            }
        }
        return new InputImages(images, mask);
    }
}

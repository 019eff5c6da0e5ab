package dev.darkroom.generation.json;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImages;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.StorableText;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Reads and writes {@code inputImages} and {@code mask} of requests. Pure functions. */
final class InputImageJson {
    private static final String IMAGES = "inputImages";
    private static final String MASK = "mask";
    private static final String UPLOAD_ID = "uploadId";
    private static final String URL = "url";

    private static final int MAX_URL_LENGTH = 2048;

    private InputImageJson() {}

    /** Adds invalid images to {@code errors} and leaves them out. */
    static InputImages parse(JsonObject request, List<FieldError> errors) {
        List<InputImage> images = new ArrayList<>();
        if (request.containsKey(IMAGES)) {
            if (!(request.getValue(IMAGES) instanceof JsonArray array)) {
                errors.add(new FieldError("#/" + IMAGES, "must be an array"));
            } else if (array.isEmpty() || array.size() > BackendSettings.MAX_INPUT_IMAGES) {
                errors.add(new FieldError(
                        "#/" + IMAGES, "must have 1 to " + BackendSettings.MAX_INPUT_IMAGES + " images"));
            } else {
                for (int i = 0; i < array.size(); i++) {
                    InputImage image = parse("#/" + IMAGES + "/" + i, array.getValue(i), errors);
                    if (image != null) {
                        images.add(image);
                    }
                }
            }
        }
        return new InputImages(
                images, request.containsKey(MASK) ? parse("#/" + MASK, request.getValue(MASK), errors) : null);
    }

    private static InputImage parse(String pointer, Object value, List<FieldError> errors) {
        if (!(value instanceof JsonObject image)) {
            errors.add(new FieldError(pointer, "must be an object"));
        } else if (image.size() != 1 || !image.containsKey(UPLOAD_ID) && !image.containsKey(URL)) {
            errors.add(new FieldError(pointer, "must have either uploadId or url"));
        } else if (image.containsKey(URL)) {
            if (image.getValue(URL) instanceof String url
                    && url.length() <= MAX_URL_LENGTH
                    && StorableText.isStorable(url)) {
                return InputImage.ofUrl(url);
            }
            errors.add(
                    new FieldError(pointer + "/" + URL, "must be a URL of at most " + MAX_URL_LENGTH + " characters"));
        } else {
            try {
                return InputImage.ofUpload(UUID.fromString(String.valueOf(image.getValue(UPLOAD_ID))));
            } catch (IllegalArgumentException e) {
                errors.add(new FieldError(pointer + "/" + UPLOAD_ID, "must be a UUID"));
            }
        }
        return null;
    }

    /** Writes both fields, each only if it is present. */
    static void write(JsonGenerator json, InputImages inputs) throws IOException {
        if (!inputs.images().isEmpty()) {
            json.writeArrayFieldStart(IMAGES);
            for (InputImage image : inputs.images()) {
                write(json, image);
            }
            json.writeEndArray();
        }
        if (inputs.mask() != null) {
            json.writeFieldName(MASK);
            write(json, inputs.mask());
        }
    }

    private static void write(JsonGenerator json, InputImage image) throws IOException {
        json.writeStartObject();
        if (image.uploaded()) {
            json.writeStringField(UPLOAD_ID, image.uploadId().toString());
        } else {
            json.writeStringField(URL, image.url());
        }
        json.writeEndObject();
    }
}

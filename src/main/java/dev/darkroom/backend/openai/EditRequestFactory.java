package dev.darkroom.backend.openai;

import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.http.MultipartBody;
import dev.darkroom.image.Image;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** Builds the body of {@code POST /images/edits}. */
final class EditRequestFactory {
    /** Room for text fields of usual size. Longer ones grow the buffer. */
    private static final int TEXT_BYTES = 64 * 1024;

    private EditRequestFactory() {}

    /** Request body and its media type. */
    record Form(String contentType, Buffer body) {}

    /**
     * Builds the form. CPU-bound.
     *
     * @param fields of a request without images; objects become JSON, arrays repeated fields
     */
    static Form createForm(JsonObject fields, LoadedInputs inputs) {
        MultipartBody form = new MultipartBody(inputs.bytes() + TEXT_BYTES);
        fields.forEach(field -> {
            if (field.getValue() instanceof JsonArray values) {
                values.forEach(value -> form.addText(field.getKey() + "[]", String.valueOf(value)));
            } else if (field.getValue() != null) {
                form.addText(field.getKey(), String.valueOf(field.getValue()));
            }
        });
        int number = 1;
        for (Image image : inputs.images()) {
            addImage(form, "image[]", "image" + number++, image);
        }
        if (inputs.mask() != null) {
            addImage(form, "mask", "mask", inputs.mask());
        }
        return new Form(form.contentType(), form.end());
    }

    private static void addImage(MultipartBody form, String field, String name, Image image) {
        form.addFile(
                field, name + "." + image.format().extension(), image.format().contentType(), image.bytes());
    }
}

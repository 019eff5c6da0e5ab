package dev.darkroom.api.body;

import dev.darkroom.api.body.FormFiles.StoredFile;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;

/**
 * A received form.
 *
 * @param values texts, and for each file its SHA-256, by field; arrays for fields that may be repeated
 * @param files the stored files, by field
 */
public record Form(JsonObject values, Map<String, List<StoredFile>> files) {
    /**
     * Field of a form that is not a single text.
     *
     * @param file whether its values are files
     * @param maxValues how often the field may occur
     * @param list whether the values are an array, even a single one
     */
    public record Field(boolean file, int maxValues, boolean list) {
        static final Field TEXT = new Field(false, 1, false);
    }
}

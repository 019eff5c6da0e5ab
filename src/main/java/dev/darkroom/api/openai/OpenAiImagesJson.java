package dev.darkroom.api.openai;

import dev.darkroom.api.openai.Base64BodySender.Part;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.StoredImage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Writes the images of a generation in the form of the OpenAI API. Pure functions. */
final class OpenAiImagesJson {
    private static final List<String> REPORTED_PARAMETERS = List.of("quality", "background");
    private static final String IMAGE_TYPE = "image/";

    private OpenAiImagesJson() {}

    /** @param data the images */
    static JsonObject toJson(Generation generation, JsonArray data) {
        return new JsonObject()
                .put("created", createdAt(generation))
                .put("data", data)
                .mergeIn(properties(generation));
    }

    /** Returns the body with the images in base64. */
    static List<Part> base64(Generation generation) {
        List<Part> parts = new ArrayList<>();
        String separator = "{\"created\":" + createdAt(generation) + ",\"data\":[{\"b64_json\":\"";
        for (StoredImage image : generation.images()) {
            parts.add(Part.of(separator, image));
            separator = "\"},{\"b64_json\":\"";
        }
        // The properties continue the object.
        parts.add(Part.last("\"}]," + properties(generation).encode().substring(1)));
        return parts;
    }

    /** Returns the events of a stream, one for each image. */
    static List<Part> events(Generation generation) {
        List<Part> parts = new ArrayList<>();
        String separator = "";
        String completed =
                generation.request().inputs().isEmpty() ? "image_generation.completed" : "image_edit.completed";
        String end = "\",\"created_at\":" + createdAt(generation) + ","
                + properties(generation).encode().substring(1) + "\n\n";
        for (StoredImage image : generation.images()) {
            parts.add(Part.of(
                    separator + "event: " + completed + "\ndata: {\"type\":\"" + completed + "\",\"b64_json\":\"",
                    image));
            separator = end;
        }
        parts.add(Part.last(end));
        return parts;
    }

    private static long createdAt(Generation generation) {
        return generation.completedAt().getEpochSecond();
    }

    /** Returns the properties that the images share. OpenAI has those of one image; all have the same here. */
    private static JsonObject properties(Generation generation) {
        StoredImage first = generation.images().get(0);
        JsonObject json = new JsonObject()
                .put("output_format", first.contentType().substring(IMAGE_TYPE.length()))
                .put("size", first.width() + "x" + first.height());
        JsonObject parameters = generation.request().parameters();
        if (parameters != null) {
            for (String name : REPORTED_PARAMETERS) {
                if (parameters.getValue(name) instanceof String value) {
                    json.put(name, value);
                }
            }
        }
        return json;
    }
}

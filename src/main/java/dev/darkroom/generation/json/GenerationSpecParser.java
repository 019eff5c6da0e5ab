package dev.darkroom.generation.json;

import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.InvalidCommandException;
import dev.darkroom.generation.GenerationSpec;
import dev.darkroom.generation.RequestWebhook;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses generation requests in JSON. Checks the types and names of fields; {@link GenerationSpec#validate} checks the values. Pure
 * functions.
 */
public final class GenerationSpecParser {
    static final String INVALID_REQUEST = "the request is not valid";

    private static final List<String> FIELDS = List.of(
            "prompt",
            "negativePrompt",
            "width",
            "height",
            "count",
            "seed",
            "priority",
            "model",
            "metadata",
            "parameters",
            "inputImages",
            "mask",
            "webhookUrl");

    private GenerationSpecParser() {}

    /** @throws InvalidCommandException when a field has a wrong type or is unknown */
    public static GenerationSpec parse(JsonObject json) {
        List<FieldError> errors = new ArrayList<>();
        GenerationSpec spec = parse(json, errors);
        if (!errors.isEmpty()) {
            throw new InvalidCommandException(INVALID_REQUEST, errors);
        }
        return spec;
    }

    /** Adds fields with a wrong type or an unknown name to {@code errors}, and leaves them null. */
    static GenerationSpec parse(JsonObject json, List<FieldError> errors) {
        for (String field : json.fieldNames()) {
            if (!FIELDS.contains(field)) {
                // The client chooses the name, so characters with a meaning in a JSON pointer are escaped.
                String pointer = JsonPointer.create().append(field).toURI().toString();
                errors.add(new FieldError(pointer, "is not a known field"));
            }
        }
        return new GenerationSpec(
                parseText(json, "prompt", errors),
                parseText(json, "negativePrompt", errors),
                parseInteger(json, "width", errors),
                parseInteger(json, "height", errors),
                parseInteger(json, "count", errors),
                parseLong(json, "seed", errors),
                parseModel(json),
                parseMetadata(json, errors),
                parseParameters(json, errors),
                InputImageJson.parse(json, errors),
                parseInteger(json, "priority", errors),
                RequestWebhook.standard(parseText(json, "webhookUrl", errors)));
    }

    /** Returns the index of a field in the order in which errors are reported; -1 for an unknown field. */
    static int order(FieldError error) {
        return FIELDS.indexOf(error.pointer().split("/", -1)[1]);
    }

    private static String parseText(JsonObject json, String field, List<FieldError> errors) {
        if (!json.containsKey(field) || json.getValue(field) instanceof String) {
            return json.getString(field);
        }
        errors.add(new FieldError("#/" + field, "must be a string"));
        return null;
    }

    private static Long parseLong(JsonObject json, String field, List<FieldError> errors) {
        if (!json.containsKey(field)) {
            return null;
        }
        if (json.getValue(field) instanceof Number number && number.doubleValue() % 1 == 0) {
            // Through double, so that a number beyond the range becomes the nearest end of the range.
            return (long) number.doubleValue();
        }
        errors.add(new FieldError("#/" + field, "must be an integer"));
        return null;
    }

    private static Integer parseInteger(JsonObject json, String field, List<FieldError> errors) {
        Long number = parseLong(json, field, errors);
        return number == null ? null : (Integer) (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, number));
    }

    /** Returns an empty text, which no model has, for a value of another type. */
    private static String parseModel(JsonObject json) {
        Object model = json.getValue("model");
        return model instanceof String name ? name : json.containsKey("model") ? "" : null;
    }

    private static JsonObject parseParameters(JsonObject json, List<FieldError> errors) {
        if (!json.containsKey("parameters") || json.getValue("parameters") instanceof JsonObject) {
            return json.getJsonObject("parameters");
        }
        errors.add(new FieldError("#/parameters", "must be an object"));
        return null;
    }

    private static Map<String, String> parseMetadata(JsonObject json, List<FieldError> errors) {
        if (!json.containsKey("metadata")) {
            return null;
        }
        if (!(json.getValue("metadata") instanceof JsonObject pairs)) {
            errors.add(new FieldError("#/metadata", "must be an object"));
            return null;
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, Object> pair : pairs) {
            if (!(pair.getValue() instanceof String value)) {
                errors.add(new FieldError("#/metadata", "must hold only well-formed strings without NUL"));
                return null;
            }
            metadata.put(pair.getKey(), value);
        }
        return metadata;
    }
}

package dev.darkroom.api;

import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a schema validator found, in words for a caller. The validator reports the way down to a failure as failures too;
 * only the last step of each way says what is wrong, so only the deepest keyword per place is told.
 */
final class Violations {
    private Violations() {}

    /** What is wrong with a parameter: its schema is simple enough for one sentence. */
    static String ofParameter(OutputUnit result) {
        for (OutputUnit unit : result.getErrors()) {
            if (keyword(unit).equals("format")) {
                return "must be a UUID";
            }
        }
        return "must be the name of a picture: its id and the extension of its type";
    }

    /** Everything that is wrong with a body, in the order in which it was found. Never empty. */
    static List<Problem.FieldError> ofBody(OutputUnit result, JsonSchema schema) {
        Map<String, Problem.FieldError> byPlace = new LinkedHashMap<>();
        Map<String, Problem.FieldError> unknown = new LinkedHashMap<>();
        for (OutputUnit unit : result.getErrors()) {
            String keyword = keyword(unit);
            if (keyword.equals("additionalProperties")) {
                Problem.FieldError error = error(unit, keyword, schema);
                unknown.putIfAbsent(error.pointer(), error);
            } else if (!isStep(keyword)) {
                Problem.FieldError error = error(unit, keyword, schema);
                byPlace.putIfAbsent(error.pointer(), error);
            }
        }
        // A known field with a wrong value is reported as unknown as well, since nothing vouched for it.
        unknown.forEach((place, error) -> {
            if (byPlace.keySet().stream().noneMatch(known -> known.equals(place) || known.startsWith(place + "/"))) {
                byPlace.put(place, error);
            }
        });
        if (byPlace.isEmpty()) {
            return List.of(new Problem.FieldError("#", "does not fit the contract"));
        }
        return new ArrayList<>(byPlace.values());
    }

    private static boolean isStep(String keyword) {
        return switch (keyword) {
            case "properties", "$ref", "allOf", "propertyNames" -> true;
            default -> false;
        };
    }

    private static Problem.FieldError error(OutputUnit unit, String keyword, JsonSchema schema) {
        String place = unit.getInstanceLocation();
        Object expected = expected(unit, schema);
        return switch (keyword) {
            case "required" -> new Problem.FieldError(place + "/" + quoted(unit.getError()), "is required");
            case "additionalProperties" -> new Problem.FieldError(place, "is not a known field");
            case "type" -> new Problem.FieldError(place, "must be " + article(String.valueOf(expected)));
            case "minLength" -> new Problem.FieldError(place, "must be at least " + expected + " characters long");
            case "maxLength" -> new Problem.FieldError(place, "must be at most " + expected + " characters long");
            case "minimum" -> new Problem.FieldError(place, "must be at least " + expected);
            case "maximum" -> new Problem.FieldError(place, "must be at most " + expected);
            case "maxProperties" -> new Problem.FieldError(place, "must have at most " + expected + " entries");
            case "pattern" -> new Problem.FieldError(place, textRule(place));
            default -> new Problem.FieldError(place, "does not fit the contract (" + keyword + ")");
        };
    }

    private static String textRule(String place) {
        String rule = "must be well-formed text without NUL";
        return place.startsWith("#/metadata") ? rule : rule + ", and not only white space";
    }

    private static String keyword(OutputUnit unit) {
        String location = unit.getKeywordLocation();
        return location.substring(location.lastIndexOf('/') + 1);
    }

    /** What the schema says at the keyword, found by walking to it; references are already replaced in the schema. */
    private static Object expected(OutputUnit unit, JsonSchema schema) {
        Object node = schema;
        for (String step : unit.getKeywordLocation().substring(2).split("/", -1)) {
            if (!step.equals("$ref")) {
                node = node instanceof JsonObject object ? object.getValue(decoded(step)) : null;
            }
        }
        return node;
    }

    private static String decoded(String step) {
        return URLDecoder.decode(step, StandardCharsets.UTF_8)
                .replace("~1", "/")
                .replace("~0", "~");
    }

    private static String quoted(String message) {
        int from = message.indexOf('"');
        int to = message.indexOf('"', from + 1);
        return from < 0 || to < 0 ? "" : message.substring(from + 1, to);
    }

    private static String article(String type) {
        return switch (type) {
            case "integer", "object", "array" -> "an " + type;
            default -> "a " + type;
        };
    }
}

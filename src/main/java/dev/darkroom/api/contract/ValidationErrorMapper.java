package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.notification.SubscriberName;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a schema validator found, in words for a caller. The validator reports the way down to a failure as failures too;
 * only the last step of each way says what is wrong, so only the deepest keyword per place is told.
 */
final class ValidationErrorMapper {
    /** Told in one answer. Who has more to mend comes back anyway. */
    private static final int MAX_ERRORS = 20;

    private ValidationErrorMapper() {}

    /** What was expected of a parameter: a sentence of its own, or what its schema says. */
    static String describeParameter(String name, JsonSchema schema) {
        return switch (name) {
            case "imageName" -> "must be the name of a picture: its id and the extension of its type";
            case "cursor" -> "is not one that was given out";
            case "subscriber" -> SubscriberName.FORMAT_DESCRIPTION;
            case "createdAfter", "createdBefore" ->
                "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z";
            case IdempotencyKeyHeader.NAME -> IdempotencyKeyHeader.EXPECTED_FORMAT;
            default -> describeSchema(new JsonObject(schema.toString()));
        };
    }

    /** As text a schema has the schemas that it refers to in their places. */
    private static String describeSchema(JsonObject schema) {
        if (schema.containsKey("const")) {
            return "must be " + schema.getValue("const");
        }
        if (schema.getValue("enum") instanceof JsonArray values) {
            return "must be " + alternatives(values);
        }
        Object type = schema.getValue("type", "string");
        if ("uuid".equals(schema.getValue("format"))) {
            return "must be a UUID";
        }
        if (!"string".equals(type)) {
            return "must be " + withArticle(String.valueOf(type)) + range(schema, "minimum", "maximum", "");
        }
        String length = range(schema, "minLength", "maxLength", " characters");
        return schema.containsKey("pattern")
                ? "must match the pattern " + schema.getString("pattern") + (length.isEmpty() ? "" : "," + length)
                : length.isEmpty() ? "does not fit the contract" : "must have" + length;
    }

    private static String alternatives(JsonArray values) {
        List<String> words = values.stream().map(String::valueOf).toList();
        int last = words.size() - 1;
        return last == 0 ? words.get(0) : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
    }

    private static String range(JsonObject schema, String least, String most, String unit) {
        Object from = schema.getValue(least);
        Object to = schema.getValue(most);
        if (from != null && to != null) {
            return " " + (unit.isEmpty() ? "between " + from + " and " + to : from + " to " + to + unit);
        }
        if (from != null) {
            return (unit.isEmpty() ? " of at least " : " at least ") + from + unit;
        }
        return to == null ? "" : (unit.isEmpty() ? " of at most " : " at most ") + to + unit;
    }

    /** What is wrong with a body, in the order in which it was found. Never empty, at most {@value #MAX_ERRORS}. */
    static List<Problem.ValidationError> toValidationErrors(OutputUnit result, JsonSchema schema) {
        Map<String, Problem.ValidationError> byPlace = new LinkedHashMap<>();
        Map<String, Problem.ValidationError> unknown = new LinkedHashMap<>();
        Set<String> onTheWay = new HashSet<>();
        for (OutputUnit unit : result.getErrors()) {
            String keyword = keyword(unit);
            if (keyword.equals("additionalProperties")) {
                unknown.putIfAbsent(unit.getInstanceLocation(), toValidationError(unit, keyword, schema));
            } else if (!isApplicator(keyword)) {
                Problem.ValidationError error = toValidationError(unit, keyword, schema);
                if (byPlace.putIfAbsent(error.pointer(), error) == null) {
                    addAncestors(error.pointer(), onTheWay);
                }
            }
        }
        // A known field with a wrong value is reported as unknown as well, since nothing vouched for it.
        unknown.keySet().removeAll(onTheWay);
        List<Problem.ValidationError> errors = Stream.concat(byPlace.values().stream(), unknown.values().stream())
                .limit(MAX_ERRORS)
                .toList();
        return errors.isEmpty() ? List.of(new Problem.ValidationError("#", "does not fit the contract")) : errors;
    }

    private static void addAncestors(String pointer, Set<String> places) {
        for (int end = pointer.length(); end > 0; end = pointer.lastIndexOf('/', end - 1)) {
            places.add(pointer.substring(0, end));
        }
    }

    private static boolean isApplicator(String keyword) {
        return switch (keyword) {
            case "properties", "$ref", "allOf", "propertyNames" -> true;
            default -> false;
        };
    }

    private static Problem.ValidationError toValidationError(OutputUnit unit, String keyword, JsonSchema schema) {
        String place = unit.getInstanceLocation();
        Object expected = keywordValue(unit, schema);
        if (unit.getKeywordLocation().contains("/propertyNames/")) {
            return new Problem.ValidationError(place, nameRule(keyword, expected));
        }
        return switch (keyword) {
            case "required" -> new Problem.ValidationError(place + "/" + quotedName(unit.getError()), "is required");
            case "additionalProperties" -> new Problem.ValidationError(place, "is not a known field");
            case "type" -> new Problem.ValidationError(place, "must be " + withArticle(String.valueOf(expected)));
            case "minLength" -> new Problem.ValidationError(place, minLengthRule(expected));
            case "maxLength" -> new Problem.ValidationError(place, "must be at most " + expected + " characters long");
            case "minimum" -> new Problem.ValidationError(place, "must be at least " + expected);
            case "maximum" -> new Problem.ValidationError(place, "must be at most " + expected);
            case "maxProperties" -> new Problem.ValidationError(place, "must have at most " + expected + " entries");
            case "format" -> new Problem.ValidationError(place, formatRule(String.valueOf(expected)));
            case "pattern" -> new Problem.ValidationError(place, textRule(place));
            default -> new Problem.ValidationError(place, "does not fit the contract (" + keyword + ")");
        };
    }

    private static String minLengthRule(Object length) {
        return Integer.valueOf(1).equals(length)
                ? "must not be empty"
                : "must be at least " + length + " characters long";
    }

    private static String formatRule(String format) {
        return format.equals("date-time")
                ? "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z"
                : "must be a " + format;
    }

    private static String nameRule(String keyword, Object expected) {
        return switch (keyword) {
            case "minLength" -> "must have a name that is not empty";
            case "maxLength" -> "must have a name of at most " + expected + " characters";
            default -> "must have a name of well-formed text without NUL";
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
    private static Object keywordValue(OutputUnit unit, JsonSchema schema) {
        Object node = schema;
        for (String step : unit.getKeywordLocation().substring(2).split("/", -1)) {
            if (!step.equals("$ref")) {
                node = node instanceof JsonObject object ? object.getValue(decodeStep(step)) : null;
            }
        }
        return node;
    }

    private static String decodeStep(String step) {
        return URLDecoder.decode(step, StandardCharsets.UTF_8)
                .replace("~1", "/")
                .replace("~0", "~");
    }

    private static String quotedName(String message) {
        int from = message.indexOf('"');
        int to = message.indexOf('"', from + 1);
        return from < 0 || to < 0 ? "" : message.substring(from + 1, to);
    }

    private static String withArticle(String type) {
        return switch (type) {
            case "integer", "object", "array" -> "an " + type;
            default -> "a " + type;
        };
    }
}

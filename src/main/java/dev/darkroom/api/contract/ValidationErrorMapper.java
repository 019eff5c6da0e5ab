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
 * Converts the output of the schema validator into error messages for clients. The validator also reports every schema that contains a
 * failed schema. Only the deepest keyword at each location describes the error, so the mapper drops the others. Stateless.
 */
final class ValidationErrorMapper {
    /** Maximum number of errors in one response. */
    private static final int MAX_ERRORS = 20;

    private ValidationErrorMapper() {}

    /** Returns the expected format of a parameter: a fixed text, or a text derived from its schema. */
    static String describeParameter(String name, JsonSchema schema) {
        return switch (name) {
            case "imageName" -> "must be an image name: an image id and the extension of its media type";
            case "cursor" -> "is not a valid cursor";
            case "subscriber" -> SubscriberName.FORMAT_DESCRIPTION;
            case "createdAfter", "createdBefore" ->
                "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z";
            case IdempotencyKeyHeader.NAME -> IdempotencyKeyHeader.EXPECTED_FORMAT;
            default -> describeSchema(new JsonObject(schema.toString()));
        };
    }

    /** Describes a schema in its text form, which has the referenced schemas in place of the references. */
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
                : length.isEmpty() ? "does not match the schema" : "must have" + length;
    }

    private static String alternatives(JsonArray values) {
        List<String> words = values.stream().map(String::valueOf).toList();
        int last = words.size() - 1;
        return last == 0 ? words.get(0) : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
    }

    private static String range(JsonObject schema, String minimumKey, String maximumKey, String unit) {
        Object minimum = schema.getValue(minimumKey);
        Object maximum = schema.getValue(maximumKey);
        if (minimum != null && maximum != null) {
            return " "
                    + (unit.isEmpty() ? "between " + minimum + " and " + maximum : minimum + " to " + maximum + unit);
        }
        if (minimum != null) {
            return (unit.isEmpty() ? " of at least " : " at least ") + minimum + unit;
        }
        return maximum == null ? "" : (unit.isEmpty() ? " of at most " : " at most ") + maximum + unit;
    }

    /** Returns the errors of a body in the order of the validator: at least one, at most {@value #MAX_ERRORS}. */
    static List<Problem.ValidationError> toValidationErrors(OutputUnit result, JsonSchema schema) {
        Map<String, Problem.ValidationError> byLocation = new LinkedHashMap<>();
        Map<String, Problem.ValidationError> unknown = new LinkedHashMap<>();
        Set<String> ancestors = new HashSet<>();
        for (OutputUnit unit : result.getErrors()) {
            String keyword = keyword(unit);
            if (keyword.equals("additionalProperties")) {
                unknown.putIfAbsent(unit.getInstanceLocation(), toValidationError(unit, keyword, schema));
            } else if (!isApplicator(keyword)) {
                Problem.ValidationError error = toValidationError(unit, keyword, schema);
                if (byLocation.putIfAbsent(error.pointer(), error) == null) {
                    addAncestors(error.pointer(), ancestors);
                }
            }
        }
        // The validator reports a known field with an invalid value as an additional property too.
        unknown.keySet().removeAll(ancestors);
        List<Problem.ValidationError> errors = Stream.concat(byLocation.values().stream(), unknown.values().stream())
                .limit(MAX_ERRORS)
                .toList();
        return errors.isEmpty() ? List.of(new Problem.ValidationError("#", "does not match the schema")) : errors;
    }

    private static void addAncestors(String pointer, Set<String> pointers) {
        for (int end = pointer.length(); end > 0; end = pointer.lastIndexOf('/', end - 1)) {
            pointers.add(pointer.substring(0, end));
        }
    }

    private static boolean isApplicator(String keyword) {
        return switch (keyword) {
            case "properties", "$ref", "allOf", "propertyNames" -> true;
            default -> false;
        };
    }

    private static Problem.ValidationError toValidationError(OutputUnit unit, String keyword, JsonSchema schema) {
        String location = unit.getInstanceLocation();
        Object expected = keywordValue(unit, schema);
        if (unit.getKeywordLocation().contains("/propertyNames/")) {
            return new Problem.ValidationError(location, nameRule(keyword, expected));
        }
        return switch (keyword) {
            case "required" -> new Problem.ValidationError(location + "/" + quotedName(unit.getError()), "is required");
            case "additionalProperties" -> new Problem.ValidationError(location, "is not a known field");
            case "type" -> new Problem.ValidationError(location, "must be " + withArticle(String.valueOf(expected)));
            case "minLength" -> new Problem.ValidationError(location, minLengthRule(expected));
            case "maxLength" ->
                new Problem.ValidationError(location, "must be at most " + expected + " characters long");
            case "minimum" -> new Problem.ValidationError(location, "must be at least " + expected);
            case "maximum" -> new Problem.ValidationError(location, "must be at most " + expected);
            case "maxProperties" -> new Problem.ValidationError(location, "must have at most " + expected + " entries");
            case "format" -> new Problem.ValidationError(location, formatRule(String.valueOf(expected)));
            case "pattern" -> new Problem.ValidationError(location, textRule(location));
            default -> new Problem.ValidationError(location, "does not match the schema (" + keyword + ")");
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

    private static String textRule(String location) {
        String rule = "must be well-formed text without NUL";
        return location.startsWith("#/metadata") ? rule : rule + ", and not only white space";
    }

    private static String keyword(OutputUnit unit) {
        String location = unit.getKeywordLocation();
        return location.substring(location.lastIndexOf('/') + 1);
    }

    /** Returns the value of the failed keyword in the schema. The schema has no references left. */
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

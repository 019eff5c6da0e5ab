package dev.darkroom.api.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.path.NodePath;
import dev.darkroom.api.problem.Problem;
import dev.darkroom.eventbus.StorableText;
import dev.darkroom.notification.SubscriberName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Converts the errors of the schema validator into error messages for clients. Stateless. */
final class ValidationErrorMapper {
    /** Maximum number of errors in one response. */
    private static final int MAX_ERRORS = 20;

    private ValidationErrorMapper() {}

    /** Returns the expected format of a parameter: a fixed text, or a text derived from its schema. */
    static String describeParameter(String name, JsonNode schema) {
        return switch (name) {
            case "imageName" -> "must be an image name: an image id and the extension of its media type";
            case "cursor" -> "is not a valid cursor";
            case "subscriber" -> SubscriberName.FORMAT_DESCRIPTION;
            case "createdAfter", "createdBefore" ->
                "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z";
            case IdempotencyKeyHeader.NAME -> IdempotencyKeyHeader.EXPECTED_FORMAT;
            default -> describeSchema(schema);
        };
    }

    private static String describeSchema(JsonNode schema) {
        if (schema.has("const")) {
            return "must be " + schema.get("const").asText();
        }
        if (schema.has("enum")) {
            return "must be " + alternatives(schema.get("enum"));
        }
        if (schema.path("format").asText().equals("uuid")) {
            return "must be a UUID";
        }
        String type = schema.path("type").asText("string");
        if (!type.equals("string")) {
            return "must be " + withArticle(type) + range(schema, "minimum", "maximum", "");
        }
        String length = range(schema, "minLength", "maxLength", " characters");
        return schema.has("pattern")
                ? "must match the pattern " + schema.get("pattern").asText() + (length.isEmpty() ? "" : "," + length)
                : length.isEmpty() ? "does not match the schema" : "must have" + length;
    }

    private static String alternatives(JsonNode values) {
        List<String> words = new ArrayList<>();
        values.forEach(value -> {
            // The type says whether null is allowed.
            if (!value.isNull()) {
                words.add(value.asText());
            }
        });
        int last = words.size() - 1;
        return last == 0 ? words.get(0) : String.join(", ", words.subList(0, last)) + " or " + words.get(last);
    }

    private static String range(JsonNode schema, String minimumKey, String maximumKey, String unit) {
        JsonNode minimum = schema.get(minimumKey);
        JsonNode maximum = schema.get(maximumKey);
        if (minimum != null && maximum != null) {
            return " "
                    + (unit.isEmpty() ? "between " + minimum + " and " + maximum : minimum + " to " + maximum + unit);
        }
        if (minimum != null) {
            return (unit.isEmpty() ? " of at least " : " at least ") + minimum + unit;
        }
        return maximum == null ? "" : (unit.isEmpty() ? " of at most " : " at most ") + maximum + unit;
    }

    /** Returns one error per location in the order of the validator, at most {@value #MAX_ERRORS}. */
    static List<Problem.ValidationError> toValidationErrors(List<Error> errors) {
        Map<String, Problem.ValidationError> byLocation = new LinkedHashMap<>();
        for (Error error : errors) {
            Problem.ValidationError validationError = new Problem.ValidationError(pointer(error), describe(error));
            byLocation.putIfAbsent(validationError.pointer(), validationError);
        }
        return byLocation.values().stream().limit(MAX_ERRORS).toList();
    }

    /** Returns the location as a JSON pointer in a URI fragment (RFC 6901, section 6). */
    private static String pointer(Error error) {
        NodePath location = error.getInstanceLocation();
        NodePath field = error.getProperty() == null ? location : location.append(error.getProperty());
        return JsonBodyParser.toFragment(field.toString());
    }

    private static String describe(Error error) {
        JsonNode expected = error.getSchemaNode();
        return switch (error.getKeyword()) {
            case "required" -> "is required";
            case "additionalProperties" -> "is not a known field";
            case "type" -> "must be " + withArticle((expected.isArray() ? expected.get(0) : expected).asText());
            case "minLength" -> minLengthRule(expected.asInt());
            case "maxLength" -> "must be at most " + expected + " characters long";
            case "minimum" -> "must be at least " + expected;
            case "maximum" -> "must be at most " + expected;
            case "enum" -> "must be " + alternatives(expected);
            case "minItems" -> "must have at least " + expected + " entries";
            case "maxProperties", "maxItems" -> "must have at most " + expected + " entries";
            case "format" -> formatRule(expected.asText());
            case "pattern" -> textRule(error.getInstanceLocation());
            case "propertyNames" -> nameRule(error.getProperty(), expected);
            default -> "does not match the schema (" + error.getKeyword() + ")";
        };
    }

    private static String minLengthRule(int length) {
        return length == 1 ? "must not be empty" : "must be at least " + length + " characters long";
    }

    private static String formatRule(String format) {
        return format.equals("date-time")
                ? "must be a date and a time with its offset, such as 2026-11-23T10:15:30Z"
                : "must be a " + format;
    }

    private static String nameRule(String name, JsonNode expected) {
        if (name.isEmpty()) {
            return "must have a name that is not empty";
        }
        int maxLength = expected.path("maxLength").asInt(Integer.MAX_VALUE);
        return name.codePointCount(0, name.length()) > maxLength
                ? "must have a name of at most " + maxLength + " characters"
                : "must have a name of well-formed text without NUL";
    }

    private static String textRule(NodePath location) {
        String rule = StorableText.EXPECTED;
        return location.getNameCount() > 0 && location.getName(0).equals("metadata")
                ? rule
                : rule + ", and not only white space";
    }

    private static String withArticle(String type) {
        return switch (type) {
            case "integer", "object", "array" -> "an " + type;
            default -> "a " + type;
        };
    }
}

package dev.darkroom.api.contract;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.JsonSchema;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Compiles a schema of the contract into a predicate that accepts most valid values. The schema library interprets a schema anew for every
 * value, patterns included. That takes longer than the rest of a usual request, and nearly all requests are valid.
 *
 * <p>The library validates every value that the predicate does not accept, and reports the errors. So the predicate may be stricter than
 * the library, and must never be more lenient: a schema with an unsupported keyword accepts no value.
 */
final class SchemaFastPath {
    private static final Pattern UUID = Pattern.compile("^\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}$");
    /** Subset of RFC 3339: upper case, and days up to 28, because later days depend on the month. */
    private static final Pattern DATE_TIME = Pattern.compile("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
            + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-7]):[0-5][0-9])\\z");

    private static final Predicate<Object> NEVER = value -> false;
    private static final Predicate<Object> ALWAYS = value -> true;

    private SchemaFastPath() {}

    /** Returns a thread-safe predicate that accepts only values valid for {@code schema}. */
    static Predicate<Object> compile(JsonSchema schema) {
        // The text form has the referenced schemas in place of the references.
        return compile(new JsonObject(schema.toString()));
    }

    private static Predicate<Object> compile(JsonObject schema) {
        List<Predicate<Object>> rules = schema.stream()
                .map(keyword -> compileKeyword(keyword.getKey(), keyword.getValue(), schema))
                .toList();
        return value -> {
            for (Predicate<Object> rule : rules) {
                if (!rule.test(value)) {
                    return false;
                }
            }
            return true;
        };
    }

    private static Predicate<Object> compileKeyword(String keyword, Object argument, JsonObject schema) {
        return switch (keyword) {
            case "description", "__absolute_uri__" -> ALWAYS;
            case "type" -> type((String) argument);
            case "minimum" -> isInteger(value -> value >= number(argument));
            case "maximum" -> isInteger(value -> value <= number(argument));
            case "minLength" -> isText(value -> codePointLength(value) >= number(argument));
            case "maxLength" -> isText(value -> codePointLength(value) <= number(argument));
            case "pattern" -> pattern(Pattern.compile((String) argument));
            case "format" -> format((String) argument);
            case "required" -> isObject(value -> value.fieldNames().containsAll(((JsonArray) argument).getList()));
            case "maxProperties" -> isObject(value -> value.size() <= number(argument));
            case "propertyNames" -> namesMatch(compile((JsonObject) argument));
            case "properties" -> schema.containsKey("additionalProperties") ? ALWAYS : NEVER;
            case "additionalProperties" -> fieldsMatch(schema.getJsonObject("properties", new JsonObject()), argument);
            default -> NEVER;
        };
    }

    private static Predicate<Object> format(String name) {
        return switch (name) {
            case "uuid" -> pattern(UUID);
            case "date-time" -> pattern(DATE_TIME);
            default -> NEVER;
        };
    }

    private static Predicate<Object> type(String name) {
        return switch (name) {
            case "string" -> isText(value -> true);
            case "integer" -> isInteger(value -> true);
            case "object" -> isObject(value -> true);
            default -> NEVER;
        };
    }

    private static Predicate<Object> namesMatch(Predicate<Object> rule) {
        return isObject(value -> value.fieldNames().stream().allMatch(rule));
    }

    private static Predicate<Object> fieldsMatch(JsonObject properties, Object additional) {
        Map<String, Predicate<Object>> known = new HashMap<>();
        properties.forEach(property -> known.put(property.getKey(), compile((JsonObject) property.getValue())));
        Predicate<Object> others = additional instanceof JsonObject schema ? compile(schema) : NEVER;
        return isObject(value -> value.stream()
                .allMatch(field -> known.getOrDefault(field.getKey(), others).test(field.getValue())));
    }

    private static Predicate<Object> pattern(Pattern pattern) {
        return isText(value -> pattern.matcher(value).find());
    }

    private static Predicate<Object> isText(Predicate<String> rule) {
        return value -> value instanceof String string && rule.test(string);
    }

    /** Rejects 1.0, which the library accepts as an integer. */
    private static Predicate<Object> isInteger(IntPredicate rule) {
        return value -> value instanceof Integer number && rule.test(number);
    }

    private static Predicate<Object> isObject(Predicate<JsonObject> rule) {
        return value -> value instanceof JsonObject object && rule.test(object);
    }

    private static double number(Object argument) {
        return ((Number) argument).doubleValue();
    }

    private static int codePointLength(String text) {
        return text.codePointCount(0, text.length());
    }
}

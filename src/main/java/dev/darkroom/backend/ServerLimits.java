package dev.darkroom.backend;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Limits of the requests for a model, as read from its AI server. Immutable.
 *
 * @param readAt time of the response
 * @param maxPromptLength in code points; null when the AI server states none, as for the next four
 * @param width in pixels
 * @param height in pixels
 * @param count number of images
 * @param seed accepted seeds
 * @param unsupported fields of a request that the model does not have: some of {@code count}, {@code seed}, {@code negativePrompt}
 * @param parameters JSON Schemas of parameters by name; empty when the AI server describes none
 */
public record ServerLimits(
        Instant readAt,
        Integer maxPromptLength,
        NumberRange width,
        NumberRange height,
        NumberRange count,
        NumberRange seed,
        Set<String> unsupported,
        Map<String, JsonObject> parameters) {
    public static final String COUNT = "count";
    public static final String SEED = "seed";
    public static final String NEGATIVE_PROMPT = "negativePrompt";

    /** Keywords of JSON Schema that are taken over. A pattern is not: it could take long to match. */
    private static final Set<String> KEYWORDS = Set.of("type", "minimum", "maximum", "minLength", "maxLength", "enum");

    public ServerLimits {
        unsupported = Set.copyOf(unsupported);
        parameters = Map.copyOf(parameters);
    }

    /** Copies the keywords that limits use from the schema of a value, if they have a valid form. */
    public static void copyKeywords(JsonNode schema, JsonObject target) {
        schema.properties().forEach(keyword -> {
            JsonNode value = keyword.getValue();
            boolean valid = switch (keyword.getKey()) {
                case "type" -> Set.of("string", "integer", "number", "boolean").contains(value.asText());
                case "enum" -> value.isArray() && !value.isEmpty();
                default -> KEYWORDS.contains(keyword.getKey()) && value.isNumber();
            };
            if (valid) {
                target.put(keyword.getKey(), DatabindCodec.mapper().convertValue(value, Object.class));
            }
        });
    }

    /** Returns the whole numbers that a schema of a value accepts; null when it states no limit. */
    public static NumberRange rangeOf(JsonObject schema) {
        if (schema == null) {
            return null;
        }
        if (schema.getValue("enum") != null) {
            List<Long> values = new ArrayList<>();
            schema.getJsonArray("enum").forEach(value -> {
                if (value instanceof Integer || value instanceof Long) {
                    values.add(((Number) value).longValue());
                }
            });
            return values.isEmpty() ? null : NumberRange.of(values);
        }
        Number minimum = schema.getNumber("minimum");
        Number maximum = schema.getNumber("maximum");
        return minimum == null && maximum == null
                ? null
                : NumberRange.between(
                        minimum == null ? 0 : (long) Math.ceil(minimum.doubleValue()),
                        // Through double, which saturates at the ends of the range.
                        maximum == null ? Long.MAX_VALUE : (long) Math.floor(maximum.doubleValue()));
    }

    /** Returns the maximum length that a schema of a text states; null for none. */
    public static Integer maxLengthOf(JsonObject schema) {
        return schema == null || schema.getNumber("maxLength") == null
                ? null
                : Math.max(1, schema.getNumber("maxLength").intValue());
    }

    /** Returns the limits of requests. */
    RequestLimits toRequestLimits() {
        RequestLimits fields = RequestLimits.ofFields(
                !unsupported.contains(COUNT), !unsupported.contains(SEED), !unsupported.contains(NEGATIVE_PROMPT));
        return new RequestLimits(
                maxPromptLength == null ? fields.maxPromptLength() : maxPromptLength,
                width == null ? fields.width() : width,
                height == null ? fields.height() : height,
                List.of(),
                count == null ? fields.count() : count,
                seed == null || fields.seed() == null ? fields.seed() : seed,
                fields.negativePrompt());
    }
}

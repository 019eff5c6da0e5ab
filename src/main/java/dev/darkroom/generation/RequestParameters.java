package dev.darkroom.generation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.eventbus.StorableText;
import dev.darkroom.generation.route.ModelCatalog;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Checks the field {@code parameters} of requests. Pure functions. */
public final class RequestParameters {
    private static final String POINTER = "#/" + ParametersSchema.FIELD;
    private static final int MAX_BYTES = 16 * 1024;
    private static final int MAX_DEPTH = 8;
    private static final ObjectMapper SORTED =
            DatabindCodec.mapper().copy().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

    private RequestParameters() {}

    /**
     * Validates parameters by the schemas of all backends of a model, since each of them may get the request.
     *
     * @param parameters null when the request has none
     */
    static List<FieldError> validate(JsonObject parameters, ModelSettings model, ModelCatalog catalog) {
        List<ParametersSchema> schemas = catalog.parametersOf(model);
        if (schemas.isEmpty()) {
            return parameters == null
                    ? List.of()
                    : List.of(new FieldError(
                            POINTER,
                            "is not accepted by the model" + (model.name() == null ? "" : " " + model.name())));
        }
        if (parameters != null) {
            String problem = findProblem(parameters);
            if (problem != null) {
                return List.of(new FieldError(POINTER, problem));
            }
        }
        Map<String, FieldError> byPointer = new LinkedHashMap<>();
        schemas.forEach(
                schema -> schema.validate(parameters).forEach(error -> byPointer.putIfAbsent(error.pointer(), error)));
        return List.copyOf(byPointer.values());
    }

    /** Returns why parameters cannot be stored; null when they can. Checks the depth first, which bounds the recursion of the rest. */
    private static String findProblem(JsonObject parameters) {
        if (isDeeperThan(MAX_DEPTH, parameters)) {
            return "must have at most " + MAX_DEPTH + " levels";
        }
        if (!isStorable(parameters)) {
            return "must hold only finite numbers and well-formed text without NUL";
        }
        return parameters.encode().getBytes(StandardCharsets.UTF_8).length > MAX_BYTES
                ? "must be at most " + MAX_BYTES + " bytes of JSON"
                : null;
    }

    private static boolean isDeeperThan(int levels, Object value) {
        if (value instanceof JsonObject object) {
            return levels == 0 || object.stream().anyMatch(field -> isDeeperThan(levels - 1, field.getValue()));
        }
        return value instanceof JsonArray array
                && (levels == 0 || array.stream().anyMatch(item -> isDeeperThan(levels - 1, item)));
    }

    private static boolean isStorable(Object value) {
        if (value instanceof JsonObject object) {
            return object.stream()
                    .allMatch(field -> StorableText.isStorable(field.getKey()) && isStorable(field.getValue()));
        } else if (value instanceof JsonArray array) {
            return array.stream().allMatch(RequestParameters::isStorable);
        } else if (value instanceof Number number) {
            return Double.isFinite(number.doubleValue());
        }
        return !(value instanceof String text) || StorableText.isStorable(text);
    }

    /** Returns the same text for equal parameters with their members in any order. */
    public static String canonical(JsonObject parameters) {
        try {
            return SORTED.writeValueAsString(parameters);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}

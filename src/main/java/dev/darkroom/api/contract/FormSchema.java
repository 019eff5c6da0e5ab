package dev.darkroom.api.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import dev.darkroom.api.body.Form;
import dev.darkroom.api.problem.Problem;
import io.vertx.core.json.JsonObject;
import io.vertx.openapi.contract.MediaType;
import io.vertx.openapi.contract.Operation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Schema of a form. Each value of a form is a text: the schema states which are numbers, truth values, lists and files. For one thread at a
 * time.
 */
final class FormSchema {
    static final String MEDIA_TYPE = MediaType.MULTIPART_FORM_DATA;

    private static final Pattern INTEGER = Pattern.compile("-?(0|[1-9][0-9]{0,17})");

    private final CompiledSchema schema;
    private final Map<String, JsonNode> properties = new HashMap<>();
    private final Map<String, Form.Field> fields = new HashMap<>();

    private FormSchema(CompiledSchema schema, int maxFiles) {
        this.schema = schema;
        collect(schema.node());
        properties.forEach((name, property) -> {
            boolean list = property.path("type").asText().equals("array");
            boolean file = (list ? property.path("items") : property)
                    .path("format")
                    .asText()
                    .equals("binary");
            if (list || file) {
                fields.put(name, new Form.Field(file, list ? maxFiles : 1, list));
            }
        });
    }

    /**
     * Returns the schema of the form of an operation.
     *
     * @param maxFiles maximum number of files of a field that is a list; client generators do not support it in the schema
     */
    static FormSchema of(Operation operation, int maxFiles) {
        return new FormSchema(
                CompiledSchema.compile(
                        operation.getRequestBody().getContent().get(MEDIA_TYPE).getSchema()),
                maxFiles);
    }

    private void collect(JsonNode node) {
        node.path("properties")
                .properties()
                .forEach(property -> properties.put(property.getKey(), property.getValue()));
        node.path("allOf").forEach(this::collect);
    }

    /** Returns the fields that are not a single text. */
    Map<String, Form.Field> fields() {
        return fields;
    }

    /**
     * Returns the values with the types of the schema. A text of another form stays a text, which is invalid.
     *
     * @throws Problem for invalid values
     */
    JsonObject validate(JsonObject values) {
        JsonObject typed = new JsonObject();
        values.forEach(value -> typed.put(
                value.getKey(),
                value.getValue() instanceof String text
                        ? toType(properties.get(value.getKey()), text)
                        : value.getValue()));
        List<Error> errors = schema.validate(typed);
        if (!errors.isEmpty()) {
            throw Problem.invalid(ValidationErrorMapper.toValidationErrors(errors));
        }
        return typed;
    }

    /** @param property null for one that the schema does not describe */
    private static Object toType(JsonNode property, String text) {
        String types = property == null ? "" : property.path("type").toString();
        if (types.contains("integer") && INTEGER.matcher(text).matches()) {
            long number = Long.parseLong(text);
            return number == (int) number ? (Object) (int) number : (Object) number;
        }
        return types.contains("boolean") && (text.equals("true") || text.equals("false"))
                ? (Object) Boolean.valueOf(text)
                : text;
    }
}

package dev.darkroom.api.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.ExecutionConfig;
import com.networknt.schema.ExecutionContext;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.keyword.NonValidationKeyword;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.jackson.DatabindCodec;
import io.vertx.json.schema.JsonSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Schema of the contract, compiled once for repeated validation. The schema library of Vert.x interprets the schema anew for every value,
 * which takes longer than the rest of a usual request. For one thread at a time.
 */
final class CompiledSchema {
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDialect(
            // The OpenAPI library adds this keyword to each schema.
            Dialect.builder(Dialects.getDraft202012())
                    .keyword(new NonValidationKeyword("__absolute_uri__"))
                    .build());
    private static final ExecutionConfig CONFIG =
            ExecutionConfig.builder().formatAssertionsEnabled(true).build();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Schema schema;

    /** State of the current validation. Reused, because a new one takes 600 bytes. */
    private final Evaluation evaluation = new Evaluation();

    private CompiledSchema(Schema schema) {
        this.schema = schema;
    }

    static CompiledSchema compile(JsonSchema schema) {
        try {
            // The text form has the referenced schemas in place of the references.
            Schema compiled = REGISTRY.getSchema(DatabindCodec.mapper().readTree(schema.toString()));
            compiled.initializeValidators();
            return new CompiledSchema(compiled);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a JSON schema", e);
        }
    }

    /** Returns the errors of a value, in the order of the schema; an empty list for a valid value. */
    List<Error> validate(Object value) {
        evaluation.setErrors(new ArrayList<>());
        schema.validate(evaluation, toNode(value));
        return evaluation.getErrors();
    }

    /** Converts a parsed value. Jackson's own conversion writes it to a buffer of tokens and takes several times the memory. */
    private static JsonNode toNode(Object value) {
        if (value instanceof JsonObject object) {
            return toNode(object.getMap());
        } else if (value instanceof JsonArray array) {
            return toNode(array.getList());
        } else if (value instanceof Map<?, ?> fields) {
            ObjectNode node = NODES.objectNode();
            fields.forEach((name, field) -> node.set((String) name, toNode(field)));
            return node;
        } else if (value instanceof List<?> items) {
            ArrayNode node = NODES.arrayNode(items.size());
            items.forEach(item -> node.add(toNode(item)));
            return node;
        } else if (value instanceof String text) {
            return NODES.textNode(text);
        } else if (value instanceof Integer number) {
            return NODES.numberNode(number.intValue());
        }
        return DatabindCodec.mapper().valueToTree(value);
    }

    /**
     * State of a validation. Does not record the path of the current keyword in the schema, which takes memory for each keyword: no message
     * uses it. Only the keywords {@code unevaluatedProperties} and {@code unevaluatedItems} depend on it.
     */
    private static final class Evaluation extends ExecutionContext {
        Evaluation() {
            super(CONFIG);
        }

        @Override
        public void evaluationPathAddLast(String token) {}

        @Override
        public void evaluationPathAddLast(int token) {}

        @Override
        public void evaluationPathRemoveLast() {}
    }

    /** Returns the schema, with the referenced schemas in place of the references. */
    JsonNode node() {
        return schema.getSchemaNode();
    }
}

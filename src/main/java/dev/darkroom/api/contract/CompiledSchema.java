package dev.darkroom.api.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.keyword.NonValidationKeyword;
import io.vertx.core.json.jackson.DatabindCodec;
import io.vertx.json.schema.JsonSchema;
import java.util.List;

/**
 * Schema of the contract, compiled once for repeated validation. The schema library of Vert.x interprets the schema anew for every value,
 * which takes longer than the rest of a usual request. Thread-safe.
 */
final class CompiledSchema {
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDialect(
            // The OpenAPI library adds this keyword to each schema.
            Dialect.builder(Dialects.getDraft202012())
                    .keyword(new NonValidationKeyword("__absolute_uri__"))
                    .build(),
            registry -> registry.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

    private final Schema schema;

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
        return schema.validate(DatabindCodec.mapper().<JsonNode>valueToTree(value));
    }

    /** Returns the schema, with the referenced schemas in place of the references. */
    JsonNode node() {
        return schema.getSchemaNode();
    }
}

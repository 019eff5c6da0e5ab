package dev.darkroom.api.contract;

import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import java.util.function.Predicate;

/**
 * Schema of the contract, compiled once for repeated validation. Thread-safe.
 *
 * @param fastPath accepts most valid values without the validator, see {@link SchemaFastPath}
 * @param validator of the schema library; decides about the other values
 */
record CompiledSchema(JsonSchema schema, Predicate<Object> fastPath, Validator validator) {

    static CompiledSchema compile(JsonSchema schema, SchemaRepository schemas) {
        return new CompiledSchema(schema, SchemaFastPath.compile(schema), schemas.validator(schema));
    }

    /** Returns the errors of a value; null for a valid value. */
    OutputUnit validate(Object value) {
        if (fastPath.test(value)) {
            return null;
        }
        OutputUnit result = validator.validate(value);
        return result.getValid() ? null : result;
    }
}

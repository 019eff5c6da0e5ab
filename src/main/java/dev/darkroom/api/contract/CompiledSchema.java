package dev.darkroom.api.contract;

import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import java.util.function.Predicate;

/** A schema of the contract, made ready to be asked often. */
record CompiledSchema(JsonSchema schema, Predicate<Object> fastPath, Validator validator) {

    static CompiledSchema compile(JsonSchema schema, SchemaRepository schemas) {
        return new CompiledSchema(schema, SchemaFastPath.compile(schema), schemas.validator(schema));
    }

    /** What is wrong with a value, null when nothing is. */
    OutputUnit validate(Object value) {
        if (fastPath.test(value)) {
            return null;
        }
        OutputUnit result = validator.validate(value);
        return result.getValid() ? null : result;
    }
}

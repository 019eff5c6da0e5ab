package dev.darkroom.api;

import io.vertx.json.schema.JsonSchema;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;
import java.util.function.Predicate;

/** A schema of the contract, made ready to be asked often. */
record Check(JsonSchema schema, Predicate<Object> quickYes, Validator library) {

    static Check of(JsonSchema schema, SchemaRepository schemas) {
        return new Check(schema, QuickYes.to(schema), schemas.validator(schema));
    }

    /** What is wrong with a value, null when nothing is. */
    OutputUnit refusal(Object value) {
        if (quickYes.test(value)) {
            return null;
        }
        OutputUnit result = library.validate(value);
        return result.getValid() ? null : result;
    }
}

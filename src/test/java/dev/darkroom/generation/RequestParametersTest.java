package dev.darkroom.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.StubImageBackend;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.generation.route.ModelCatalog;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Parameters of requests for models with one and with several AI servers. */
class RequestParametersTest {
    private static final ModelSettings ONE = model("one", "a");
    private static final ModelSettings BOTH = model("both", "a", "b");
    private static final ModelSettings NONE = model("none", "a", "c");
    private static final ModelCatalog CATALOG = new ModelCatalog(
            List.of(ONE, BOTH, NONE),
            List.of(
                    backend("a", schema("{\"steps\": {\"type\": \"integer\", \"maximum\": 50}, \"extra\": {}}")),
                    backend("b", schema("{\"steps\": {\"type\": \"integer\", \"maximum\": 20}}")),
                    backend("c", null)));

    private static ModelSettings model(String name, String... backends) {
        return new ModelSettings(
                name,
                name,
                List.of(backends).stream()
                        .map(backend -> new Target(backend, null, null))
                        .toList());
    }

    private static BackendCapabilities backend(String name, ParametersSchema schema) {
        return new BackendCapabilities(
                TestSettings.with(TestSettings.DEFAULTS.backend(), "name", name), new StubImageBackend(name), schema);
    }

    private static ParametersSchema schema(String properties) {
        return ParametersSchema.parse(
                "p.json", Buffer.buffer("{\"type\": \"object\", \"properties\": " + properties + "}"), Set.of());
    }

    private static List<FieldError> validate(ModelSettings model, JsonObject parameters) {
        return RequestParameters.validate(parameters, model, CATALOG);
    }

    private static JsonObject steps(int steps) {
        return new JsonObject().put("steps", steps);
    }

    @Test
    void parametersMustBeValidForEveryBackendOfTheModel() {
        // then
        assertThat(validate(ONE, steps(50))).isEmpty();
        assertThat(validate(BOTH, steps(20))).isEmpty();
        assertThat(validate(BOTH, steps(50)))
                .containsExactly(new FieldError("#/parameters/steps", "must have a maximum value of 20"));
        assertThat(validate(BOTH, new JsonObject().put("extra", 1)))
                .containsExactly(new FieldError("#/parameters/extra", "is not a known parameter"));
    }

    @Test
    void aBackendWithoutASchemaAcceptsNone() {
        // then
        assertThat(validate(NONE, null)).isEmpty();
        assertThat(validate(NONE, new JsonObject()))
                .containsExactly(new FieldError("#/parameters", "is not accepted by the model none"));
        assertThat(CATALOG.parametersSchema(NONE)).isEmpty();
    }

    @Test
    void clientsSeeTheSchemasOfAllBackends() {
        // then
        assertThat(CATALOG.parametersSchema(ONE))
                .hasValueSatisfying(
                        schema -> assertThat(schema.getJsonObject("properties").fieldNames())
                                .containsExactly("steps", "extra"));
        assertThat(CATALOG.parametersSchema(BOTH))
                .hasValueSatisfying(
                        schema -> assertThat(schema.getJsonArray("allOf")).hasSize(2));
    }

    @Test
    void limitsSizeAndDepth() {
        // given
        JsonObject deep = new JsonObject();
        for (int i = 0; i < 8; i++) {
            deep = new JsonObject().put("extra", new JsonArray().add(deep));
        }

        // then
        assertThat(validate(ONE, deep)).containsExactly(new FieldError("#/parameters", "must have at most 8 levels"));
        assertThat(validate(ONE, new JsonObject().put("extra", "ü".repeat(8_000))))
                .isEmpty();
        assertThat(validate(ONE, new JsonObject().put("extra", "ü".repeat(8_192))))
                .containsExactly(new FieldError("#/parameters", "must be at most 16384 bytes of JSON"));
    }

    @Test
    void rejectsValuesThatCannotBeStored() {
        // given
        FieldError error =
                new FieldError("#/parameters", "must hold only finite numbers and well-formed text without NUL");

        // then
        assertThat(validate(ONE, new JsonObject().put("extra", new JsonArray().add("a\0b"))))
                .containsExactly(error);
        assertThat(validate(ONE, new JsonObject().put("extra", new JsonObject().put("\ud800", 1))))
                .containsExactly(error);
        assertThat(validate(ONE, new JsonObject().put("extra", Double.POSITIVE_INFINITY)))
                .containsExactly(error);
    }

    @Test
    void orderOfMembersDoesNotMatterForIdempotency() {
        assertThat(RequestParameters.canonical(new JsonObject("{\"a\":1,\"b\":{\"d\":[{\"y\":1,\"x\":2}],\"c\":3}}")))
                .isEqualTo(RequestParameters.canonical(
                        new JsonObject("{\"b\":{\"c\":3,\"d\":[{\"x\":2,\"y\":1}]},\"a\":1}")))
                .isNotEqualTo(RequestParameters.canonical(new JsonObject("{\"a\":1}")));
    }
}
